// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.BackingReference;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerExtent;
import io.varve.image.LayerFormat;
import io.varve.image.qcow2.io.ClusterMap;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/// An internal snapshot seen as a read-only layer. It shares file, cache and lock with the layer it
/// came from, and must not be used after the snapshot is deleted. Closing it closes nothing.
final class SnapshotView implements Layer {
  private final Qcow2Layer layer;
  private final ClusterMap map;
  private final long size;
  private final String snapshot;
  private final Lock shared;

  SnapshotView(Qcow2Layer layer, ClusterMap map, long size, String snapshot) {
    this.layer = layer;
    this.map = map;
    this.size = size;
    this.snapshot = snapshot;
    this.shared = layer.lock().readLock();
  }

  @Override
  public String name() {
    return layer.name() + "@" + snapshot;
  }

  @Override
  public LayerFormat format() {
    return LayerFormat.QCOW2;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public Optional<BackingReference> backing() {
    return layer.backing();
  }

  @Override
  public LayerExtent lookup(GuestOffset at, long maxLength) throws IOException {
    shared.lock();
    try {
      return map.extentWithin(size, at, maxLength);
    } finally {
      shared.unlock();
    }
  }

  @Override
  public @Nullable LayerExtent peek(GuestOffset at, long maxLength) throws IOException {
    shared.lock();
    try {
      return map.peek(at.bytes(), Math.min(maxLength, size - at.bytes()));
    } finally {
      shared.unlock();
    }
  }

  @Override
  public long readHeld(GuestOffset at, ByteBuffer dst) throws IOException {
    shared.lock();
    try {
      return layer.reader().readHeld(map, at.bytes(), dst);
    } finally {
      shared.unlock();
    }
  }

  @Override
  public boolean writable() {
    return false;
  }

  @Override
  public Storage storage() {
    return layer.storage();
  }

  @Override
  public @Nullable Storage mappedStorage() {
    return layer.mappedStorage();
  }

  @Override
  public int clusterSize() {
    return layer.clusterSize();
  }

  @Override
  public int subclusterSize() {
    return layer.subclusterSize();
  }

  @Override
  public boolean seemsPreallocated() throws IOException {
    return layer.seemsPreallocated();
  }

  @Override
  public void close() {}
}
