// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.Below;
import io.varve.image.ReadOnlyImageException;
import io.varve.image.UnsupportedImageException;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.Limits;
import io.varve.image.qcow2.io.ClusterMap;
import io.varve.image.qcow2.io.Resizer;
import io.varve.image.storage.StorageEvent;
import java.io.IOException;
import java.nio.ByteBuffer;

/// The saved state of a VM: its memory and devices. It lies at guest offsets behind the disk, from
/// the first that a new L1 entry maps, so that the guest cannot reach it (spec: "Snapshots").
///
/// To save: write the state, then take a snapshot that says how long it is; taking it moves the
/// state from the active tree into the snapshot. To load: apply the snapshot, then read.
///
/// **Threads.** As [Qcow2Layer].
public final class VmState {
  private final Qcow2Layer layer;

  VmState(Qcow2Layer layer) {
    this.layer = layer;
  }

  /// Guest offset of the first byte of the state of a disk of this size.
  static long start(Geometry geometry, long diskSize) {
    return geometry.l1EntriesFor(diskSize) * geometry.bytesPerL2Table();
  }

  /// Reads `dst` full from this position of the state; what was never written is zero.
  public void read(long position, ByteBuffer dst) throws IOException {
    layer.lock().readLock().lock();
    try {
      long start = start(geometry(), layer.diskSize());
      requireRange(start, position, dst.remaining());
      ClusterMap map = layer.activeMap();
      layer.storage().announce(StorageEvent.VMSTATE_LOAD);
      long at = start + position;
      while (dst.hasRemaining()) {
        long n = layer.reader().readHeld(map, at, dst);
        if (n < 0) {
          long zeros = -n;
          for (long i = 0; i < zeros; i++) {
            dst.put((byte) 0);
          }
        }
        at += Math.abs(n);
      }
    } finally {
      layer.lock().readLock().unlock();
    }
  }

  /// Writes all of `src` at this position of the state.
  ///
  /// @throws UnsupportedImageException if the L1 table would outgrow 32 MiB
  public void write(long position, ByteBuffer src) throws IOException {
    if (!layer.writable()) {
      throw new ReadOnlyImageException(
          layer.name() + ": the layer is open read-only; open it for writing to save a VM's state");
    }
    layer.lock().writeLock().lock();
    try {
      layer.parts().flushOrder().requireIntact();
      long start = start(geometry(), layer.diskSize());
      requireRange(start, position, src.remaining());
      new Resizer(layer.parts()).growTable(layer.tree(), start + position + src.remaining());
      layer.storage().announce(StorageEvent.VMSTATE_SAVE);
      layer.tree().writer().write(start + position, src, Below.NOTHING);
    } finally {
      layer.lock().writeLock().unlock();
    }
  }

  private Geometry geometry() {
    return layer.area().header().geometry();
  }

  private void requireRange(long start, long position, int length)
      throws UnsupportedImageException {
    Geometry geometry = geometry();
    long most = Limits.MAX_L1_BYTES / Long.BYTES * geometry.bytesPerL2Table();
    if (position < 0 || position > most - start - length) {
      throw new UnsupportedImageException(
          "%s: VM state at %d + %d: the L1 table would pass 32 MiB at clusters of %d bytes"
              .formatted(layer.name(), position, length, geometry.clusterSize()));
    }
  }
}
