// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// The outcome of a check. The counts have the meaning that `qemu-img check` gives them.
///
/// @param corruptions found and still there
/// @param leaks clusters with more references counted than there are
/// @param corruptionsFixed by the repair that this report ends; 0 after a check
/// @param leaksFixed likewise
/// @param checkErrors parts that could not be checked
/// @param totalClusters guest clusters of the disk
/// @param allocatedClusters guest clusters of the disk that have data or a place for it
/// @param compressedClusters of these, compressed
/// @param fragmentedClusters of these, not behind their neighbour
/// @param imageEndOffset host offset behind the last cluster in use
/// @param findings at most [Tally#MAX_FINDINGS]; the counts go on
/// @param failure why the check broke off, in the C library's words for it; null if it did not
public record CheckReport(
    long corruptions,
    long leaks,
    long corruptionsFixed,
    long leaksFixed,
    long checkErrors,
    long totalClusters,
    long allocatedClusters,
    long compressedClusters,
    long fragmentedClusters,
    long imageEndOffset,
    List<Finding> findings,
    @Nullable String failure) {

  public CheckReport {
    findings = List.copyOf(findings);
  }

  /// Of an image of a format that knows nothing else to count.
  public static CheckReport corrupt(long corruptions) {
    return new CheckReport(corruptions, 0, 0, 0, 0, 0, 0, 0, 0, 0, List.of(), null);
  }

  /// What it comes to, worst first.
  public enum Verdict {
    /// Something could not be checked.
    FAILED(1),
    CORRUPT(2),
    LEAKS(3),
    CLEAN(0);

    private final int exitCode;

    Verdict(int exitCode) {
      this.exitCode = exitCode;
    }

    /// The exit code of `qemu-img check`.
    public int exitCode() {
      return exitCode;
    }
  }

  public Verdict verdict() {
    if (checkErrors > 0 || failure != null) {
      return Verdict.FAILED;
    }
    if (corruptions > 0) {
      return Verdict.CORRUPT;
    }
    return leaks > 0 ? Verdict.LEAKS : Verdict.CLEAN;
  }

  /// No data is lost or in danger; leaks may be there.
  public boolean sound() {
    return corruptions == 0 && checkErrors == 0 && failure == null;
  }

  /// This report of a second pass, after a first one that repaired.
  CheckReport after(CheckReport repair) {
    return new CheckReport(
        corruptions,
        leaks,
        repair.corruptionsFixed,
        repair.leaksFixed,
        checkErrors,
        totalClusters,
        allocatedClusters,
        compressedClusters,
        fragmentedClusters,
        imageEndOffset,
        findings,
        failure);
  }
}
