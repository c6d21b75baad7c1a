// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

import io.varve.image.CorruptImageException;
import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerExtent;
import io.varve.image.chain.map.MapEntry;
import io.varve.image.chain.map.MapPage;
import io.varve.image.chain.map.PageBuilder;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Lays layers of one size over a tree: reads their own indexes, and writes the pages in which one
/// of them holds something. Memory is bounded, whatever the size of the disk: it works through the
/// guest's addresses window by window.
///
/// **Threads.** One.
final class TreeBatch {
  /// Pages of a window.
  private static final int WINDOW = 4096;

  /// A layer to be laid.
  record Laid(Layer layer, int slot) {}

  /// A tree.
  ///
  /// @param top slot of the newest layer in it
  /// @param end size of that layer's disk, bytes: behind it all is zero
  record Tree(long root, int height, int top, long end) {}

  private final BlockFile blocks;
  private final TreeReader reader;
  private final PageCodec codec;
  private final int unitBits;
  private final Tree base;
  private final List<Laid> layers;
  private final long size;
  private final long pageBytes;
  private final int height;
  private long left;

  /// @param base what lies beneath
  /// @param layers the oldest first, at least one, all of the same size
  TreeBatch(BlockFile blocks, int unitBits, Tree base, List<Laid> layers) {
    this.blocks = blocks;
    this.reader = new TreeReader(blocks, unitBits);
    this.codec = new PageCodec(blocks, unitBits);
    this.unitBits = unitBits;
    this.base = base;
    this.layers = layers;
    this.size = layers.getFirst().layer().size();
    this.pageBytes = (long) MapPage.UNITS << unitBits;
    this.height = Math.max(base.height(), TreeReader.heightFor(size, unitBits));
  }

  /// The tree of a root layer: all is asked of it.
  static Tree ofRoot(int slot, long size, int unitBits) {
    return new Tree(
        MapEntry.of(MapEntry.ASK, slot), TreeReader.heightFor(size, unitBits), slot, size);
  }

  /// The new tree; null, and only unreferenced blocks left behind, if more than `mostPages` pages
  /// are concerned.
  @Nullable Tree run(long mostPages) throws IOException {
    left = mostPages;
    TreeWriter writer = new TreeWriter(blocks, reader, raised(), height);
    long zero = MapEntry.of(MapEntry.ZERO, base.top());
    long firstBehind = (base.end() + pageBytes - 1) / pageBytes * MapPage.UNITS;
    long start = writer.fillFrom(size > base.end() ? firstBehind : Long.MAX_VALUE, zero);
    for (long at = 0; at < size && left >= 0; at += WINDOW * pageBytes) {
      @Nullable PageBuilder[] window = window(at);
      for (int i = 0; i < window.length && left >= 0; i++) {
        PageBuilder builder = window[i];
        if (builder != null) {
          put(writer, start, builder, at / pageBytes + i);
        }
      }
    }
    int top = layers.getLast().slot();
    return left < 0 ? null : new Tree(writer.finish(), height, top, size);
  }

  /// The base's root, put under further nodes until the tree is high enough.
  private long raised() throws IOException {
    long root = base.root();
    for (int level = base.height(); level < height; level++) {
      long[] node = new long[SideWord.FAN];
      Arrays.fill(node, MapEntry.of(MapEntry.ZERO, base.top()));
      node[0] = root;
      root = blocks.append(node);
    }
    return root;
  }

  /// The pages of a window in which a layer holds something, begun.
  private @Nullable PageBuilder[] window(long from) throws IOException {
    long to = Math.min(size, from + WINDOW * pageBytes);
    @Nullable PageBuilder[] window =
        new @Nullable PageBuilder[(int) ((to - from + pageBytes - 1) / pageBytes)];
    long edge = Math.min(size, base.end());
    boolean cut = size != base.end() && edge % pageBytes != 0;
    if (cut && edge >= from && edge < to) {
      begin(window, from, edge);
    }
    for (int i = layers.size() - 1; i >= 0 && left >= 0; i--) {
      walk(layers.get(i), window, from, to);
      if (cut && edge >= from && edge < to) {
        begin(window, from, edge).lay(layers.get(i).layer(), layers.get(i).slot());
      }
    }
    return window;
  }

  private void walk(Laid laid, @Nullable PageBuilder[] window, long from, long to)
      throws IOException {
    for (long at = from; at < to && left >= 0; ) {
      LayerExtent extent = extent(laid.layer(), at, to - at);
      if (extent != null && extent.kind() == ExtentKind.NONE) {
        at = extent.end();
        continue;
      }
      begin(window, from, at).lay(laid.layer(), laid.slot());
      at = (at / pageBytes + 1) * pageBytes;
    }
  }

  private static @Nullable LayerExtent extent(Layer layer, long at, long length)
      throws IOException {
    try {
      return layer.peek(GuestOffset.of(at), length);
    } catch (CorruptImageException _) {
      return null;
    }
  }

  private PageBuilder begin(@Nullable PageBuilder[] window, long from, long at) {
    int place = (int) ((at - from) / pageBytes);
    PageBuilder builder = window[place];
    if (builder == null) {
      builder = new PageBuilder(at / pageBytes, unitBits, layers.getLast().slot());
      window[place] = builder;
      left--;
    }
    return builder;
  }

  private void put(TreeWriter writer, long start, PageBuilder builder, long page)
      throws IOException {
    long[] before = reader.page(start, height, page);
    if (!builder.full()) {
      builder.layPage(codec.decode(page, before, SlotView.OF_FILE, base.end(), base.top()));
    }
    MapPage built = builder.build();
    if (!built.lasting()) {
      throw new IOException("a layer could not be read");
    }
    writer.put(page, codec.encode(built, before, layers.getLast().slot(), size));
  }
}
