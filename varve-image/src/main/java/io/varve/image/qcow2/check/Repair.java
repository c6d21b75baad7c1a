// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.qcow2.format.FeatureBits;
import io.varve.image.qcow2.format.Header;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;

/// One repair, in steps that are each flushed before the next begins.
///
/// 1. L2 entries that can be given up without loss.
/// 2. Refcounts that are too low are raised; or, where the structure itself is damaged, a new one
///    is written elsewhere and taken into use by one write to the header.
/// 3. Refcounts that are too high are lowered.
/// 4. COPIED bits are set to what the refcounts say.
/// 5. After a second check, the dirty and the corrupt bit.
///
/// Every step does nothing where its work is done already, so that a repair which was cut off is
/// simply run again.
final class Repair {
  private final Storage storage;
  private final RepairMode mode;
  private final CheckProgress progress;

  Repair(Storage storage, RepairMode mode, CheckProgress progress) {
    this.storage = storage;
    this.mode = mode;
    this.progress = progress;
  }

  CheckReport run() throws IOException {
    CheckRun first = check();
    CheckReport before = first.report();
    if (!first.followed()) {
      return before;
    }
    if (mode == RepairMode.ALL && before.corruptions() > 0 && new EntryRepair(first).run()) {
      first = check();
    }
    repairRefcounts(first);
    repairCopied(first);
    CheckReport after = check().report();
    if (after.sound()) {
      clearBits();
    }
    return after.repairing(before);
  }

  private CheckRun check() throws IOException {
    return CheckRun.of(CheckedImage.open(storage), progress);
  }

  private void repairRefcounts(CheckRun run) throws IOException {
    if (!run.needsRebuild()) {
      RefcountRepair repair = new RefcountRepair(run);
      if (mode == RepairMode.ALL) {
        repair.raise();
      }
      if (!run.tally.isIncomplete()) {
        repair.lower();
      }
    } else if (mode == RepairMode.ALL) {
      new RefcountRebuild(run).run(progress);
    }
  }

  /// Where only leaks are to be repaired, the bits follow if that is known to be safe: refcounts
  /// that are too low would make them lie.
  private void repairCopied(CheckRun run) throws IOException {
    if (mode == RepairMode.ALL || run.tally.onlyCopied()) {
      CheckedImage image = CheckedImage.open(storage);
      new CopiedRepair(image, Refcounts.load(image), run.tree.activeTables()).run();
    }
  }

  private void clearBits() throws IOException {
    CheckedImage image = CheckedImage.open(storage);
    long bits = image.header().incompatible();
    long cleared = bits & ~(FeatureBits.DIRTY | FeatureBits.CORRUPT);
    if (image.header().version() >= 3 && cleared != bits) {
      storage.flush();
      storage.write(Header.INCOMPATIBLE_AT, ByteBuffer.allocate(8).putLong(cleared).flip());
      storage.flush();
    }
  }
}
