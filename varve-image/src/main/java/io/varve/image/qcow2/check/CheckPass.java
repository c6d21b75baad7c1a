// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.qcow2.check.Finding.Kind;
import io.varve.image.qcow2.format.FeatureBits;
import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.format.Limits;
import io.varve.image.qcow2.format.LuksExtension;
import io.varve.image.qcow2.format.Qcow2FormatException;
import io.varve.image.qcow2.format.SnapshotEntry;
import io.varve.image.qcow2.format.SnapshotTable;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// One pass over an image: checks, and repairs what the options ask for, in steps that are each
/// flushed before the next begins.
///
/// 1. L2 entries that can be given up without loss.
/// 2. Refcounts; or, where the structure itself is damaged, a new one is written elsewhere and
///    taken into use by one write to the header.
/// 3. COPIED bits are set to what the refcounts say.
/// 4. If nothing else is wrong, the dirty and the corrupt bit.
///
/// Every step does nothing where its work is done already, so that a repair which was cut off is
/// simply run again.
final class CheckPass {
  private static final String IO_ERROR = "Input/output error";

  private final CheckedImage image;
  private final CheckOptions options;
  private final Tally tally;
  private References references;
  private Refcounts refcounts;
  private TreeWalk tree;
  private RefcountCheck check;
  private boolean countsChanged;

  private CheckPass(CheckedImage image, CheckOptions options) throws IOException {
    this.image = image;
    this.options = options;
    this.tally = new Tally(options.hearer());
    this.refcounts = Refcounts.load(image);
    this.references = new References(image, tally);
    this.tree = new TreeWalk(image, tally, references, refcounts, options);
    this.check = new RefcountCheck(image, tally, references, refcounts, options);
  }

  static CheckReport run(Storage storage, CheckOptions options) throws IOException {
    return new CheckPass(CheckedImage.open(storage), options).run();
  }

  private CheckReport run() throws IOException {
    SnapshotTable.Loaded snapshots = snapshots();
    if (snapshots == null) {
      return report(isTableOffsetValid() ? "File too large" : "Invalid argument");
    }
    String failure = count(snapshots, options.fixesErrors());
    if (failure == null) {
      failure = compare(snapshots);
    }
    if (failure != null) {
      return report(failure);
    }
    checkCopied();
    if (options.repair() != null && tally.sound()) {
      clearBits();
    }
    return report(null);
  }

  private CheckReport report(@Nullable String failure) {
    long totalClusters = image.geometry().clustersFor(image.header().size() & -512L);
    return tally.report(totalClusters, check.imageEnd(), failure);
  }

  private boolean isTableOffsetValid() {
    long offset = image.header().snapshotsOffset();
    long most = Limits.MAX_SNAPSHOTS * (long) SnapshotEntry.FIXED_LENGTH;
    return offset >= 0
        && offset <= Long.MAX_VALUE - most
        && image.geometry().isClusterAligned(offset);
  }

  private SnapshotTable.@Nullable Loaded snapshots() throws IOException {
    long count = image.header().snapshotCount() & 0xffff_ffffL;
    if (count > Limits.MAX_SNAPSHOTS) {
      tally.incomplete();
      tally.namedError(
          "ERROR snapshot table too large\nYou can force-remove all "
              + (count - Limits.MAX_SNAPSHOTS)
              + " overhanging snapshots with qemu-img check -r all");
      return null;
    }
    if (!isTableOffsetValid()) {
      tally.incomplete();
      tally.namedError("ERROR snapshot table offset invalid");
      return null;
    }
    try {
      // Like QEMU: what lies behind the end of the file reads as zero, and is counted as damage.
      SnapshotTable.Loaded loaded =
          SnapshotTable.load(image.storage()::read, image.header(), Long.MAX_VALUE);
      if (image.header().version() >= 3) {
        tellIncomplete(loaded);
      }
      long end = image.header().snapshotsOffset() + loaded.length();
      if (loaded.length() > 0 && end > image.fileLength()) {
        tally.incomplete();
      }
      return loaded;
    } catch (Qcow2FormatException e) {
      // What the snapshots refer to is not known: all of it would look like leaks.
      tally.incomplete();
      tally.namedError("ERROR failed to read the snapshot table: " + e.what());
      return null;
    }
  }

  private void tellIncomplete(SnapshotTable.Loaded loaded) {
    for (int i = 0; i < loaded.entries().size(); i++) {
      if (loaded.entries().get(i).diskSize() < 0) {
        tally.corruption("ERROR snapshot table entry " + i + " is incomplete");
      }
    }
  }

  /// Counts all references.
  ///
  /// @return why the pass breaks off, or null
  private @Nullable String count(SnapshotTable.Loaded snapshots, boolean fix) throws IOException {
    references.add(0, image.clusterSize(), 1);
    if (image.header().externalDataFile() && !snapshots.entries().isEmpty()) {
      tally.corruption(
          "ERROR " + snapshots.entries().size() + " snapshots in image with data file");
    }
    tree.walk(snapshots.entries());
    references.add(image.header().snapshotsOffset(), snapshots.length(), 1);
    check.countTable();
    countLuks();
    if (!new BitmapWalk(image, tally, references).walk()) {
      if (!options.careful()) {
        return "Invalid argument";
      }
      tally.error("the bitmaps cannot be followed");
    }
    check.countBlocks(fix);
    return null;
  }

  private void countLuks() {
    LuksExtension luks = image.luks();
    if (luks != null) {
      references.add(luks.offset(), luks.length(), 1);
    }
  }

  private @Nullable String compare(SnapshotTable.Loaded snapshots) throws IOException {
    Tally.Counts before = tally.counts();
    check.compare(false, false);
    Tally.Counts found = tally.counts();
    if (options.repair() == null) {
      return null;
    }
    if (check.needsRebuild()) {
      if (!options.fixesErrors()) {
        tally.say(Kind.ERROR, "ERROR need to rebuild refcount structures");
        return options.careful() ? null : IO_ERROR;
      }
      return rebuild(snapshots, found);
    }
    if (found.corruptions() > 0 || found.leaks() > 0) {
      tally.setCounts(before);
      countsChanged = true;
      boolean mayLower = !options.careful() || !tally.isIncomplete();
      check.compare(mayLower, options.fixesErrors());
    }
    return null;
  }

  private @Nullable String rebuild(SnapshotTable.Loaded snapshots, Tally.Counts found)
      throws IOException {
    tally.say(Kind.REPAIR, "Rebuilding refcount structure");
    boolean incomplete = tally.isIncomplete();
    new RefcountRebuild(image, references, refcounts, options, incomplete).run();
    countsChanged = true;
    image.reload();
    refcounts = Refcounts.load(image);
    references = new References(image, tally);
    tree = new TreeWalk(image, tally, references, refcounts, options);
    check = new RefcountCheck(image, tally, references, refcounts, options);
    tally.setCounts(
        new Tally.Counts(0, 0, found.errors(), found.corruptionsFixed(), found.leaksFixed()));
    tally.forgetGuestClusters();
    String failure = count(snapshots, false);
    if (failure != null) {
      return failure;
    }
    Tally.Counts now = tally.counts();
    // The old structure is counted, and nothing refers to it: those leaks are of our own making.
    check.compare(!options.careful() || !incomplete, false);
    if (check.needsRebuild()) {
      tally.say(Kind.ERROR, "ERROR rebuilt refcount structure is still broken");
    }
    tally.setCounts(now);
    tally.repaired(
        Math.max(0, found.corruptions() - now.corruptions()),
        Math.max(0, found.leaks() - now.leaks()));
    return null;
  }

  /// Where only leaks are to be repaired, the bits follow if that is known to be safe: refcounts
  /// that are too low would make them lie.
  private void checkCopied() throws IOException {
    Tally.Counts counts = tally.counts();
    boolean repair =
        options.fixesErrors()
            || (options.fixesLeaks()
                && counts.errors() == 0
                && counts.corruptions() == 0
                && counts.leaks() == 0);
    if (countsChanged) {
      image.reload();
      refcounts = Refcounts.load(image);
    }
    boolean all = countsChanged;
    new CopiedCheck(
            image,
            tally,
            refcounts,
            repair,
            options.careful(),
            cluster -> all || tree.copiedWrong(cluster))
        .run();
  }

  private void clearBits() throws IOException {
    long bits = image.header().incompatible();
    long cleared = bits & ~(FeatureBits.DIRTY | FeatureBits.CORRUPT);
    if (image.header().version() >= 3 && cleared != bits) {
      image.storage().flush();
      image.storage().write(Header.INCOMPATIBLE_AT, ByteBuffer.allocate(8).putLong(cleared).flip());
      image.storage().flush();
    }
  }
}
