// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

import java.nio.ByteBuffer;
import java.util.UUID;

/// One record (spec: "Records"): what is known of a layer, or what became of one.
///
/// @param type [#LAYER], [#MOVED] or [#GONE]
/// @param slot the layer's number in this file
/// @param other LAYER: the parent's slot, -1 for a root; MOVED: the layer that has taken it in
/// @param treeTop the newest layer that is laid in the tree, -1 if there is no tree
/// @param height of the tree
/// @param root of the tree
/// @param layer identity of the layer
/// @param size of its disk, bytes
/// @param binding its file, as it was when the record was made
/// @param blocks of the pages file that this record and those before it need
record LayerRecord(
    int type,
    int slot,
    int other,
    int treeTop,
    int height,
    long root,
    UUID layer,
    long size,
    FileBinding binding,
    long blocks) {
  static final int BYTES = 128;
  static final int LAYER = 1;
  static final int MOVED = 2;
  static final int GONE = 3;

  private static final UUID NOBODY = new UUID(0, 0);

  static LayerRecord moved(int slot, int into) {
    return new LayerRecord(MOVED, slot, into, -1, 0, 0, NOBODY, 0, FileBinding.NONE, 0);
  }

  static LayerRecord gone(int slot) {
    return new LayerRecord(GONE, slot, -1, -1, 0, 0, NOBODY, 0, FileBinding.NONE, 0);
  }

  boolean hasTree() {
    return treeTop >= 0;
  }

  LayerRecord withBinding(FileBinding now) {
    return new LayerRecord(type, slot, other, treeTop, height, root, layer, size, now, blocks);
  }

  /// The same layer under a new slot, on another parent.
  LayerRecord inSlot(int next, int parent) {
    int top = treeTop == slot ? next : treeTop;
    return new LayerRecord(type, next, parent, top, height, root, layer, size, binding, blocks);
  }

  LayerRecord withBlocks(long now) {
    return new LayerRecord(type, slot, other, treeTop, height, root, layer, size, binding, now);
  }

  /// Everything but the checksum.
  void encode(ByteBuffer to, int at) {
    to.put(at, (byte) type).put(at + 1, (byte) 0).put(at + 2, (byte) height).put(at + 3, (byte) 0);
    to.putInt(at + 4, slot).putInt(at + 8, other + 1).putInt(at + 12, treeTop + 1);
    to.putLong(at + 16, layer.getMostSignificantBits());
    to.putLong(at + 24, layer.getLeastSignificantBits());
    to.putLong(at + 32, root).putLong(at + 40, size);
    binding.encode(to, at + 48);
    to.putInt(at + 84, (int) blocks);
  }

  static LayerRecord decode(ByteBuffer from, int at) {
    return new LayerRecord(
        from.get(at),
        from.getInt(at + 4),
        from.getInt(at + 8) - 1,
        from.getInt(at + 12) - 1,
        from.get(at + 2),
        from.getLong(at + 32),
        new UUID(from.getLong(at + 16), from.getLong(at + 24)),
        from.getLong(at + 40),
        FileBinding.decode(from, at + 48),
        Integer.toUnsignedLong(from.getInt(at + 84)));
  }
}
