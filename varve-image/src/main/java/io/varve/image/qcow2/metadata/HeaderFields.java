// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.metadata;

import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;

/// The header fields that change while an image is in use. Fields that belong together lie side by
/// side, so each change is one write inside the first 512-byte sector and cannot be torn (spec:
/// "Header", bytes 0 to 103).
///
/// Nothing here flushes: the caller places the barriers. The layer's exclusive lock guards it.
public final class HeaderFields {
  private static final int SIZE_AND_L1 = 24;
  private static final int REFCOUNT_TABLE = 48;
  private static final int SNAPSHOTS = 60;
  private static final int FEATURES = 72;

  private final Storage storage;
  private final int version;
  private final int cryptMethod;
  private long diskSize;
  private int l1Size;
  private long l1Offset;
  private int snapshotCount;
  private long snapshotsOffset;
  private long incompatible;
  private long compatible;
  private long autoclear;

  /// Fields as they stand in a header that was parsed and checked.
  public HeaderFields(Storage storage, io.varve.image.qcow2.format.Header header) {
    this.storage = storage;
    this.version = header.version();
    this.cryptMethod = header.cryptMethod();
    this.diskSize = header.size();
    this.l1Size = header.l1Size();
    this.l1Offset = header.l1Offset();
    this.snapshotCount = header.snapshotCount();
    this.snapshotsOffset = header.snapshotsOffset();
    this.incompatible = header.incompatible();
    this.compatible = header.compatible();
    this.autoclear = header.autoclear();
  }

  public long diskSize() {
    return diskSize;
  }

  public int l1Size() {
    return l1Size;
  }

  public long l1Offset() {
    return l1Offset;
  }

  public int snapshotCount() {
    return snapshotCount;
  }

  public long snapshotsOffset() {
    return snapshotsOffset;
  }

  public long incompatible() {
    return incompatible;
  }

  public long compatible() {
    return compatible;
  }

  public long autoclear() {
    return autoclear;
  }

  /// Marks the image corrupt; durable on return. Version 2 has no such mark.
  void markCorrupt() throws IOException {
    if (version >= 3) {
      writeFeatures(incompatible | io.varve.image.qcow2.format.FeatureBits.CORRUPT, autoclear);
      storage.flush();
    }
  }

  /// Takes over the feature bits of a header that was written past this object.
  public void adoptFeatures(io.varve.image.qcow2.format.Header header) {
    incompatible = header.incompatible();
    compatible = header.compatible();
    autoclear = header.autoclear();
  }

  /// Bytes 24 to 47: disk size, encryption method (unchanged), L1 size and L1 offset, in one write.
  public void writeSizeAndL1(long newDiskSize, int newL1Size, long newL1Offset) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(24)
            .putLong(newDiskSize)
            .putInt(cryptMethod)
            .putInt(newL1Size)
            .putLong(newL1Offset);
    storage.write(SIZE_AND_L1, bytes.flip());
    diskSize = newDiskSize;
    l1Size = newL1Size;
    l1Offset = newL1Offset;
  }

  /// Bytes 48 to 59: where the refcount table lies and how many clusters it fills.
  public void writeRefcountTable(long offset, int clusters) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(12).putLong(offset).putInt(clusters);
    storage.write(REFCOUNT_TABLE, bytes.flip());
  }

  /// Bytes 60 to 71: how many internal snapshots there are and where their table lies.
  public void writeSnapshots(int count, long offset) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(12).putInt(count).putLong(offset);
    storage.write(SNAPSHOTS, bytes.flip());
    snapshotCount = count;
    snapshotsOffset = offset;
  }

  /// Bytes 72 to 95 of version 3: the three feature words.
  public void writeFeatures(long newIncompatible, long newAutoclear) throws IOException {
    if (version < 3) {
      throw new IllegalStateException("version 2 has no feature bits");
    }
    ByteBuffer bytes =
        ByteBuffer.allocate(24).putLong(newIncompatible).putLong(compatible).putLong(newAutoclear);
    storage.write(FEATURES, bytes.flip());
    incompatible = newIncompatible;
    autoclear = newAutoclear;
  }
}
