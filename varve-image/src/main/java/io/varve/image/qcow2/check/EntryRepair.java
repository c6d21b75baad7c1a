// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.L2Entry;
import io.varve.image.qcow2.format.SubclusterBitmap;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Mends L2 entries that hold no data: where the place that is only reserved for a cluster is not
/// aligned, the entry gives the place up and reads as before. An entry with data is never changed:
/// which data it meant cannot be known.
final class EntryRepair {
  private final CheckedImage image;
  private final Geometry geometry;
  private final ClusterCounts tables;
  private final long limit;

  EntryRepair(CheckRun run) {
    image = run.image;
    geometry = image.geometry();
    tables = run.tree.allTables();
    limit = run.references.clusters();
  }

  /// @return true if an entry was changed
  boolean run() throws IOException {
    if (image.header().version() == 2) {
      return false;
    }
    Storage storage = image.storage();
    boolean changed = false;
    for (long c = tables.nextNonZero(0, limit); c < limit; c = tables.nextNonZero(c + 1, limit)) {
      long offset = geometry.hostOffset(c);
      byte[] before = image.read(offset, image.clusterSize()).array();
      byte[] after = before.clone();
      mend(ByteBuffer.wrap(after));
      changed |= SectorWriter.write(storage, offset, before, after);
    }
    if (changed) {
      storage.flush();
    }
    return changed;
  }

  private void mend(ByteBuffer table) {
    for (int at = 0; at < table.limit(); at += geometry.l2EntrySize()) {
      long entry = table.getLong(at);
      boolean misplaced =
          !L2Entry.compressed(entry) && !geometry.isClusterAligned(L2Entry.offset(entry));
      if (!misplaced) {
        continue;
      }
      if (!geometry.extendedL2()) {
        if (L2Entry.zero(entry)) {
          table.putLong(at, L2Entry.ZERO);
        }
      } else if (SubclusterBitmap.allocated(table.getLong(at + 8)) == 0) {
        table.putLong(at, 0);
      }
    }
  }
}
