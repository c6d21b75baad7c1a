// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.snapshot;

import io.varve.image.CorruptImageException;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.Limits;
import io.varve.image.qcow2.format.SnapshotEntry;
import io.varve.image.qcow2.metadata.EntryTable;
import io.varve.image.storage.Storage;
import java.io.IOException;

/// Loads the L1 table of an internal snapshot, after checking what its entry says of it.
public final class SnapshotL1 {
  private SnapshotL1() {}

  /// Loads the table of a snapshot that is to be read or applied: one that maps all of its disk.
  ///
  /// @throws CorruptImageException if it does not, since a size that the table cannot map costs
  ///   time and memory that the file does not justify
  public static EntryTable loadWhole(Storage storage, Geometry geometry, SnapshotEntry entry)
      throws IOException {
    long entries = entry.l1Size() & 0xffff_ffffL;
    if (entry.diskSize() >= 0 && geometry.l1EntriesFor(entry.diskSize()) > entries) {
      throw new CorruptImageException(
          "%s: snapshot '%s': expected an L1 table that maps its disk of %d bytes, found %d entries"
              .formatted(storage.name(), entry.name(), entry.diskSize(), entries));
    }
    return load(storage, geometry, entry);
  }

  public static EntryTable load(Storage storage, Geometry geometry, SnapshotEntry entry)
      throws IOException {
    long bytes = (entry.l1Size() & 0xffff_ffffL) * Long.BYTES;
    if (bytes > Limits.MAX_L1_BYTES
        || !geometry.isClusterAligned(entry.l1Offset())
        || entry.l1Offset() < 0
        || entry.l1Offset() > Geometry.MAX_HOST_OFFSET) {
      throw new CorruptImageException(
          "%s: snapshot '%s': expected an aligned L1 table of at most 32 MiB, found %s entries at %#x"
              .formatted(
                  storage.name(),
                  entry.name(),
                  Integer.toUnsignedString(entry.l1Size()),
                  entry.l1Offset()));
    }
    return EntryTable.load(storage, entry.l1Offset(), entry.l1Size());
  }
}
