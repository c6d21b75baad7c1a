// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DiskAddress;
import io.varve.engine.InvalidRequestException;
import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.catalog.LayerRow;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/// Sets a disk's size. The file's header is the truth, and its change is one write: 1. intent, 2.
/// the file, 3. catalog. Recovery reads the size from the file.
final class Resize implements JournaledVerb {
  private static final String NAME = "disk-resize";
  static final int UNIT = 512;

  private final Context context;
  private final Journal journal;
  private final Sources sources;

  Resize(Context context, Journal journal, Sources sources) {
    this.context = context;
    this.journal = journal;
    this.sources = sources;
  }

  @Override
  public String name() {
    return NAME;
  }

  /// Resizes, under the family's lock.
  void resize(Resolver.Found found, long newSize, boolean allowShrink) throws IOException {
    requireSize(newSize);
    LayerRow active = Layers.active(context, found.disk());
    requireAllowed(found, active, newSize, allowShrink);
    Args args = new Args().with("disk", found.disk().id()).with("file", active.file());
    journal.run(
        this,
        found.site(),
        found.disk().family(),
        args,
        intent -> {
          context.step(NAME, "resize");
          try (Sources.Opened disk =
              sources.open(
                  found,
                  new DiskAddress(null, found.disk().name(), null),
                  true,
                  UnaryOperator.identity())) {
            disk.chain().resize(newSize);
            disk.chain().flush();
          }
          finish(found.site(), intent);
          return true;
        });
  }

  static void requireSize(long size) {
    if (size <= 0 || size % UNIT != 0) {
      throw new InvalidRequestException(
          ProblemCode.INVALID_REQUEST,
          "a disk cannot have " + size + " bytes",
          "Give a positive multiple of 512 bytes.");
    }
  }

  private static void requireAllowed(
      Resolver.Found found, LayerRow active, long newSize, boolean allowShrink) throws IOException {
    try (Qcow2Layer layer = LayerFiles.openToLook(found.site().file(active))) {
      if (newSize < layer.size() && !allowShrink) {
        throw new RefusedException(
            ProblemCode.WOULD_SHRINK,
            "the disk has "
                + layer.size()
                + " bytes; with "
                + newSize
                + " it would lose what lies behind",
            "Shrink the file system inside first, then allow it (--shrink).");
      }
    }
  }

  private void finish(PoolSite site, Intent intent) throws IOException {
    Path file = site.file(intent.args().text("file"));
    long size;
    try (Qcow2Layer layer = LayerFiles.openToLook(file)) {
      size = layer.size();
    }
    context.step(NAME, "commit");
    context.write(tx -> {
      tx.update(Layers.requireDisk(tx, intent.args().id("disk")).withSize(size));
      tx.deleteIntent(intent.id());
    });
  }

  @Override
  public void recover(PoolSite site, Intent intent, boolean crashed) throws IOException {
    finish(site, intent);
  }
}
