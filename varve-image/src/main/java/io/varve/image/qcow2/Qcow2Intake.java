// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.GuestOffset;
import io.varve.image.qcow2.format.L2Entry;
import io.varve.image.qcow2.io.ClusterIntake;
import io.varve.image.qcow2.io.ClusterState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.Lock;

/// Takes over clusters that other layers hold, as they are: data by sharing or by the kernel's
/// copy, compressed clusters as compressed bytes. For merging layers of one chain; what the guest
/// reads is the caller's to keep right, and dirty bitmaps hear nothing of it.
///
/// Every method may be called from any thread; changes are durable after the layer's next flush.
public final class Qcow2Intake {
  private final Qcow2Layer layer;

  /// @param layer open for writing
  public Qcow2Intake(Qcow2Layer layer) {
    this.layer = layer;
  }

  /// True if clusters can go from one of these layers to the other as they are: both keep them
  /// whole, plain, of one size, and in their own files.
  public static boolean compatible(Qcow2Layer one, Qcow2Layer other) {
    return isPlain(one) && isPlain(other) && one.clusterSize() == other.clusterSize();
  }

  private static boolean isPlain(Qcow2Layer layer) {
    return layer.subclusterSize() == layer.clusterSize()
        && layer.mappedStorage() == layer.storage();
  }

  /// Takes data clusters that lie side by side in the other layer's file. Returns how many bytes
  /// share their blocks with it now, so that no data moved.
  ///
  /// @param at cluster aligned
  /// @param length bytes; the last cluster is taken whole
  /// @param host offset in the other layer's file
  public long take(GuestOffset at, long length, Qcow2Layer from, long host) throws IOException {
    long clusters = Math.ceilDiv(length, layer.clusterSize());
    return change(intake -> intake.take(at.bytes(), clusters, from.storage(), host));
  }

  /// Takes one compressed cluster. Returns its compressed bytes.
  ///
  /// @param at cluster aligned; compressed in `from`, by the same method as here
  public int takeCompressed(GuestOffset at, Qcow2Layer from) throws IOException {
    byte[] packed = packed(at, from);
    return change(intake -> {
      intake.takeCompressed(at.bytes(), packed);
      return packed.length;
    });
  }

  /// Makes the index table for this place ahead, so that compressed clusters are packed densely.
  public void prepareTable(GuestOffset at) throws IOException {
    change(intake -> {
      intake.prepareTable(at.bytes());
      return true;
    });
  }

  private static byte[] packed(GuestOffset at, Qcow2Layer from) throws IOException {
    long entry = compressedEntry(at, from);
    int bits = Integer.numberOfTrailingZeros(from.clusterSize());
    byte[] bytes = new byte[L2Entry.compressedLength(entry, bits)];
    from.storage().read(L2Entry.compressedOffset(entry, bits), ByteBuffer.wrap(bytes));
    return bytes;
  }

  /// Bytes that the index of a layer gives to the compressed cluster at this guest offset.
  public static int compressedBytes(GuestOffset at, Qcow2Layer layer) throws IOException {
    return L2Entry.compressedLength(
        compressedEntry(at, layer), Integer.numberOfTrailingZeros(layer.clusterSize()));
  }

  private static long compressedEntry(GuestOffset at, Qcow2Layer layer) throws IOException {
    Lock lock = layer.lock().readLock();
    lock.lock();
    try {
      ClusterState state = layer.activeMap().state(at.bytes());
      if (!state.compressed()) {
        throw new IllegalStateException(
            layer.name() + ": the cluster at guest offset " + at + " is not compressed");
      }
      return state.entry();
    } finally {
      lock.unlock();
    }
  }

  /// Guest bytes that one index table of a layer maps.
  public static long bytesPerTable(Qcow2Layer layer) {
    return layer.area().header().geometry().bytesPerL2Table();
  }

  /// True if a layer has an index table for this guest offset.
  public static boolean hasTable(GuestOffset at, Qcow2Layer layer) throws IOException {
    Lock lock = layer.lock().readLock();
    lock.lock();
    try {
      return layer.activeMap().l2Table(at.bytes()) != 0;
    } finally {
      lock.unlock();
    }
  }

  private interface Change<T> {
    T on(ClusterIntake intake) throws IOException;
  }

  private <T> T change(Change<T> change) throws IOException {
    Lock lock = layer.lock().writeLock();
    lock.lock();
    try {
      layer.parts().flushOrder().requireIntact();
      layer.parts().prepare();
      return change.on(layer.tree().intake());
    } finally {
      lock.unlock();
    }
  }
}
