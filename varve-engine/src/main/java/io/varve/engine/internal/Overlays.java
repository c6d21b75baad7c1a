// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.image.BackingReference;
import io.varve.image.LayerFormat;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2Info;
import io.varve.image.qcow2.format.VarveIdentity;

/// What the overlay on a layer looks like: empty, of the same size and clusters, naming its base by
/// the plain file name, so that the pool can move. Version 3 always: an overlay must be able to
/// state zeros.
final class Overlays {
  private Overlays() {}

  static Qcow2CreateOptions on(Qcow2Info base, String baseFile, VarveIdentity own) {
    return Qcow2CreateOptions.ofSize(base.virtualSize())
        .withClusterBits(Integer.numberOfTrailingZeros(base.clusterSize()))
        .withExtendedL2(base.extendedL2())
        .withBacking(reference(baseFile))
        .withIdentity(own);
  }

  static BackingReference reference(String baseFile) {
    return new BackingReference(baseFile, LayerFormat.QCOW2.id());
  }
}
