// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

import io.varve.image.storage.Storage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One file of a chain. It answers one question: what do you hold for this guest range? It knows
/// the name that its file gives to a base, and never reads through it: only the chain does.
///
/// **Threads.** All methods may be called at the same time; each call sees every change that
/// returned before it began.
public interface Layer extends Closeable {
  /// The path, for messages.
  String name();

  LayerFormat format();

  /// Size of the disk that this layer describes, in bytes.
  long size();

  /// What the file says of its base.
  Optional<BackingReference> backing();

  /// The uniform stretch at `at`, at most `maxLength` bytes, ending at [#size()] at the latest.
  ///
  /// @throws IllegalArgumentException if `at` is not below the size or `maxLength` is not positive
  /// @throws CorruptImageException if the index is damaged there
  LayerExtent lookup(GuestOffset at, long maxLength) throws IOException;

  /// As [#lookup], for looking ahead at what nobody may ever read: null where the index is damaged,
  /// so that damage is told when it is met and not before.
  default @Nullable LayerExtent peek(GuestOffset at, long maxLength) throws IOException {
    return lookup(at, maxLength);
  }

  /// Reads the beginning of `dst` if this layer holds it.
  ///
  /// Returns n above zero after putting n bytes into `dst`; or -n, having touched nothing, if this
  /// layer holds nothing for the next n bytes. Both are at most the room in `dst`, which must not
  /// reach past [#size()]. Lookup and read are one step: no change of the layer comes between.
  long readHeld(GuestOffset at, ByteBuffer dst) throws IOException;

  /// True if the layer takes changes; the layer is then a [WritableLayer].
  boolean writable();

  /// The file beneath, for sizes and counters. Writing to it breaks the layer.
  Storage storage();

  /// Where the host offsets of this layer's extents point: the file itself, or an external data
  /// file. Null where the bytes there are not the guest's own (they are encrypted).
  default @Nullable Storage mappedStorage() {
    return storage();
  }

  /// As [#mappedStorage()], for a layer whose extents lie in several files.
  default @Nullable Storage mappedStorage(LayerExtent extent) {
    return mappedStorage();
  }

  /// Bytes of one unit of the index (a qcow2 cluster); 512 where the format has none.
  default int clusterSize() {
    return 512;
  }

  /// Bytes of the smallest part of a cluster that can be held by itself; the cluster where there
  /// are no subclusters.
  default int subclusterSize() {
    return clusterSize();
  }

  /// True if the index claims far more data than the file spends, so that holes beneath data are
  /// worth looking for: preallocated metadata.
  default boolean seemsPreallocated() throws IOException {
    return false;
  }

  /// Closes the file. A writable layer is flushed first.
  @Override
  void close() throws IOException;
}
