// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.RefcountWidth;
import java.io.IOException;

/// Sets refcounts where they are to what refers to each cluster. The blocks themselves are sound.
final class RefcountRepair {
  private final CheckedImage image;
  private final Geometry geometry;
  private final References references;
  private final Refcounts refcounts;

  RefcountRepair(CheckRun run) throws IOException {
    image = run.image;
    geometry = image.geometry();
    references = run.references;
    refcounts = Refcounts.load(image);
  }

  void raise() throws IOException {
    change(true);
  }

  void lower() throws IOException {
    change(false);
  }

  private void change(boolean raise) throws IOException {
    long clusters = references.clusters();
    boolean changed = false;
    for (int index = 0; index < refcounts.tableEntries(); index++) {
      long first = refcounts.firstCluster(index);
      if (first >= clusters) {
        break;
      }
      byte[] block = refcounts.block(index);
      if (block != null) {
        byte[] before = block.clone();
        set(block, first, Math.min(clusters, first + refcounts.blockEntries()), raise);
        changed |= SectorWriter.write(image.storage(), refcounts.blockOffset(index), before, block);
      }
    }
    if (changed) {
      image.storage().flush();
    }
  }

  private void set(byte[] block, long first, long end, boolean raise) {
    int order = geometry.refcountOrder();
    for (long cluster = first; cluster < end; cluster++) {
      int at = (int) (cluster - first);
      int difference =
          Long.compareUnsigned(references.get(cluster), RefcountWidth.get(block, at, order));
      if (raise ? difference > 0 : difference < 0) {
        RefcountWidth.set(block, at, order, references.get(cluster));
      }
    }
  }
}
