// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.check.CheckReport;
import io.varve.image.qcow2.check.Finding;
import io.varve.image.qcow2.check.Qcow2Check;
import java.io.IOException;
import java.nio.file.Path;

/// What an image of another maker must pass before it becomes a disk: it stands alone, and its
/// index is sound. An image whose copying was cut short reads as zeros behind the cut and would
/// pass for whole otherwise, until its source is gone.
final class Intake {
  private Intake() {}

  /// Looks at the image without changing it.
  static void requireFit(Context context, Path image) throws IOException {
    try (Qcow2Layer layer = LayerFiles.openToLook(image)) {
      requireAlone(layer, image);
      requireSound(context, layer, image);
    }
  }

  /// Names inside an image are its maker's, not the user's: none is followed.
  private static void requireAlone(Qcow2Layer layer, Path image) {
    if (layer.backing().isPresent()) {
      throw new RefusedException(
          ProblemCode.IMPORT_REFUSED,
          image
              + " names a backing file ("
              + layer.backing().get().name()
              + "), which is not followed",
          "Flatten it first, if you trust it: qemu-img convert -f qcow2 -O qcow2 '"
              + image
              + "' flat.qcow2, then take that.");
    }
  }

  /// A dirty image has stale refcounts by its own word; its tables are good, and refcounts are made
  /// anew before it is written to.
  private static void requireSound(Context context, Qcow2Layer layer, Path image)
      throws IOException {
    if (layer.info().dirty()) {
      return;
    }
    CheckReport report = Qcow2Check.check(layer.storage(), context.progress("check")::advance);
    if (report.sound()) {
      return;
    }
    String first =
        report.findings().stream()
            .filter(finding -> finding.kind() != Finding.Kind.LEAK)
            .map(Finding::text)
            .findFirst()
            .orElse("no details");
    throw new RefusedException(
        ProblemCode.IMPORT_REFUSED,
        "%s is damaged or cut short: %d errors, the first is: %s"
            .formatted(image, report.corruptions() + report.checkErrors(), first),
        "Copy it again from its source and compare checksums; if there is no better copy, qemu-img"
            + " check -r all '"
            + image
            + "' saves what can be saved, and data behind the damage is lost.");
  }
}
