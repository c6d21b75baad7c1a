// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.CorruptImageException;
import io.varve.image.qcow2.alloc.Refcounts;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.metadata.ImageDamage;
import io.varve.image.qcow2.metadata.MetadataCache;
import io.varve.image.storage.Storage;
import java.io.IOException;

/// Guesses whether clusters were counted for data that was never written, by comparing what is
/// counted with what the file spends on the host. Only such an image has holes beneath data that
/// are worth asking the host for; QEMU draws the line at the same place.
final class PreallocationGuess {
  private PreallocationGuess() {}

  /// True if more than 10/9 of the clusters that the file spends are counted. The walk ends there,
  /// so its cost follows the space spent and not the length of the file.
  static boolean isLikely(Storage storage, Header header, MetadataCache cache, ImageDamage damage)
      throws IOException {
    Geometry geometry = header.geometry();
    long spent = storage.allocatedBytes() / geometry.clusterSize();
    long threshold = Math.max(spent * 10 / 9, spent + 2);
    long end = geometry.clustersFor(storage.size());
    Refcounts counts =
        new Refcounts(
            storage.name(), geometry, cache, Qcow2Opener.refcountTable(storage, header), damage);
    try {
      return counts.usedBelow(end, threshold) >= threshold;
    } catch (CorruptImageException _) {
      return true;
    }
  }
}
