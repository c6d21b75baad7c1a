// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerExtent;
import io.varve.image.chain.Chain;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Tells what a disk is made of, stretch by stretch.
///
/// Data of a layer with preallocated metadata is looked up on the host as well, since it may never
/// have been written; elsewhere the index is believed.
///
/// **Threads.** Any number at the same time.
public final class StatusReader {
  private final Chain disk;
  private final @Nullable Boolean[] preallocated;
  private volatile @Nullable List<Layer> opened;

  public StatusReader(Chain disk) {
    this.disk = disk;
    this.preallocated = new Boolean[disk.depth()];
  }

  private List<Layer> layers() throws IOException {
    List<Layer> layers = opened;
    if (layers == null) {
      layers = disk.layers();
      opened = layers;
    }
    return layers;
  }

  /// The stretch at `at`, at most `maxLength` bytes; neighbours may be alike.
  public BlockStatus at(long at, long maxLength) throws IOException {
    return search(at, maxLength, layers().size());
  }

  /// As [#at], but only layers above `depth` count: where none of them holds anything the answer is
  /// neither present nor data, and zero only where the next layer ends before.
  public BlockStatus above(int depth, long at, long maxLength) throws IOException {
    return search(at, maxLength, Math.min(depth, layers().size()));
  }

  private BlockStatus search(long at, long maxLength, int end) throws IOException {
    List<Layer> layers = layers();
    long length = Math.min(maxLength, disk.size() - at);
    for (int depth = 0; ; depth++) {
      Layer layer = layers.get(depth);
      LayerExtent extent = layer.lookup(GuestOffset.of(at), Math.min(length, layer.size() - at));
      length = extent.length();
      if (extent.kind() != ExtentKind.NONE) {
        return held(layer, depth, extent);
      }
      boolean last = depth + 1 == layers.size();
      if (last || at >= layers.get(depth + 1).size()) {
        return nowhere(layer, depth, extent, true);
      }
      if (depth + 1 == end) {
        return nowhere(layer, depth, extent, false);
      }
    }
  }

  private static BlockStatus nowhere(Layer layer, int depth, LayerExtent extent, boolean zero) {
    Storage host = extent.hostOffset() < 0 ? null : layer.mappedStorage(extent);
    return new BlockStatus(
        extent.start(),
        extent.length(),
        depth,
        false,
        zero,
        false,
        false,
        host == null ? -1 : extent.hostOffset(),
        host);
  }

  private BlockStatus held(Layer layer, int depth, LayerExtent extent) throws IOException {
    boolean compressed = extent.kind() == ExtentKind.COMPRESSED;
    boolean zero = extent.kind().readsAsZeroHere();
    Storage host = compressed || extent.hostOffset() < 0 ? null : layer.mappedStorage(extent);
    BlockStatus status =
        new BlockStatus(
            extent.start(),
            extent.length(),
            depth,
            true,
            zero,
            !zero,
            compressed,
            host == null ? -1 : extent.hostOffset(),
            host);
    return host != null && status.data() && preallocated(depth) ? onHost(status, host) : status;
  }

  private boolean preallocated(int depth) throws IOException {
    Boolean known = preallocated[depth];
    if (known == null) {
      known = layers().get(depth).seemsPreallocated();
      preallocated[depth] = known;
    }
    return known;
  }

  /// Divides data by the holes beneath it.
  private static BlockStatus onHost(BlockStatus status, Storage host) throws IOException {
    long end = status.offset() + status.length();
    Storage.DataRange data = host.nextData(status.offset());
    boolean hole = data == null || data.position() > status.offset();
    long until = end;
    if (data != null) {
      until = hole ? data.position() : data.position() + data.length();
    }
    BlockStatus part = status.with(Math.min(end, until) - status.offset());
    return hole ? part.asZero() : part;
  }
}
