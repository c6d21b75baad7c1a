// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import java.io.IOException;
import java.util.ArrayList;

/// Writes counts back where they are, and gives clusters back to the store that nothing counts any
/// more, once that is durable.
final class RefcountWriter {
  private final CheckedImage image;
  private final Refcounts refcounts;
  private final ArrayList<long[]> freed = new ArrayList<>();
  private boolean changed;

  RefcountWriter(CheckedImage image, Refcounts refcounts) {
    this.image = image;
    this.refcounts = refcounts;
  }

  void write(int index, byte[] before, byte[] block) throws IOException {
    if (before != block) {
      changed |= SectorWriter.write(image.storage(), refcounts.blockOffset(index), before, block);
    }
  }

  void freed(long cluster) {
    if (!freed.isEmpty() && freed.getLast()[1] == cluster) {
      freed.getLast()[1]++;
    } else {
      freed.add(new long[] {cluster, cluster + 1});
    }
  }

  void finish() throws IOException {
    if (!changed) {
      return;
    }
    image.storage().flush();
    int bits = image.header().clusterBits();
    for (long[] run : freed) {
      image.storage().punch(run[0] << bits, (run[1] - run[0]) << bits);
    }
  }
}
