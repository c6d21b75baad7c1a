// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.qcow2.format.LuksExtension;
import io.varve.image.qcow2.format.Qcow2FormatException;
import io.varve.image.qcow2.format.SnapshotTable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// One pass over an image, and what it has learnt.
final class CheckRun {
  final CheckedImage image;
  final Tally tally = new Tally();
  final References references;
  final Refcounts refcounts;
  final TreeWalk tree;
  private final RefcountCheck check;
  private boolean followed;

  private CheckRun(CheckedImage image) throws IOException {
    this.image = image;
    references = new References(image, tally);
    refcounts = Refcounts.load(image);
    tree = new TreeWalk(image, tally, references, refcounts);
    check = new RefcountCheck(image, tally, references, refcounts);
  }

  static CheckRun of(CheckedImage image, CheckProgress progress) throws IOException {
    CheckRun run = withoutRefcounts(image, progress);
    if (run.followed) {
      run.check.countStructure();
      run.check.compare();
    }
    return run;
  }

  /// Counts all references but those of the refcount structure, and compares nothing.
  static CheckRun withoutRefcounts(CheckedImage image, CheckProgress progress) throws IOException {
    CheckRun run = new CheckRun(image);
    SnapshotTable.Loaded snapshots = run.snapshots();
    if (snapshots == null) {
      // What the snapshots refer to is not known: all of it would look like leaks.
      run.tally.incomplete();
      return run;
    }
    run.followed = true;
    run.references.add(0, image.clusterSize(), 1);
    run.tree.walk(snapshots.entries(), progress);
    run.references.add(image.header().snapshotsOffset(), snapshots.length(), 1);
    run.countLuks();
    new BitmapWalk(image, run.tally, run.references).walk();
    return run;
  }

  private void countLuks() {
    LuksExtension luks = image.luks();
    if (luks != null) {
      references.add(luks.offset(), luks.length(), 1);
    }
  }

  /// False if the image was given up before its trees were followed.
  boolean followed() {
    return followed;
  }

  private SnapshotTable.@Nullable Loaded snapshots() throws IOException {
    try {
      // Like QEMU: what lies behind the end of the file reads as zero, and is counted as damage.
      SnapshotTable.Loaded loaded =
          SnapshotTable.load(image.storage()::read, image.header(), Long.MAX_VALUE);
      if (loaded.incomplete() > 0) {
        tally.corruptions(
            loaded.incomplete(), "snapshot table entries are incomplete: no disk size");
      }
      long end = image.header().snapshotsOffset() + loaded.length();
      if (loaded.length() > 0 && end > image.fileLength()) {
        tally.incomplete();
      }
      return loaded;
    } catch (Qcow2FormatException e) {
      tally.error("failed to read the snapshot table: %s", e.getMessage());
      return null;
    }
  }

  boolean needsRebuild() {
    return check.needsRebuild();
  }

  CheckReport report() {
    long totalClusters = image.geometry().clustersFor(image.header().size());
    return tally.report(totalClusters, check.imageEnd());
  }
}
