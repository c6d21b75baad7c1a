// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Counts findings and keeps the first of them.
final class Tally {
  /// Enough to see what is wrong; a hostile image has millions.
  static final int MAX_FINDINGS = 1000;

  private final List<Finding> findings = new ArrayList<>();
  private long corruptions;
  private long copied;
  private long leaks;
  private long errors;
  private long allocated;
  private long compressed;
  private long fragmented;
  private boolean incomplete;

  void corruption(String format, Object... arguments) {
    corruptions(1, format, arguments);
  }

  /// @param times how often the damaged entry is referred to: QEMU meets it as often
  void corruptions(long times, String format, Object... arguments) {
    corruptions += times;
    note(Finding.Kind.CORRUPTION, format, arguments);
  }

  /// A COPIED bit that does not say what the refcount says.
  void copied(long times, String format, Object... arguments) {
    copied += times;
    corruptions(times, format, arguments);
  }

  void leak(String format, Object... arguments) {
    leaks++;
    note(Finding.Kind.LEAK, format, arguments);
  }

  void error(String format, Object... arguments) {
    errors(1, format, arguments);
  }

  void errors(long times, String format, Object... arguments) {
    errors += times;
    note(Finding.Kind.ERROR, format, arguments);
  }

  /// A part of the tree could not be followed: what it refers to is not known, so no refcount may
  /// be lowered.
  void incomplete() {
    incomplete = true;
  }

  void guestClusters(long allocatedMore, long compressedMore, long fragmentedMore) {
    allocated += allocatedMore;
    compressed += compressedMore;
    fragmented += fragmentedMore;
  }

  private void note(Finding.Kind kind, String format, Object... arguments) {
    if (findings.size() < MAX_FINDINGS) {
      findings.add(new Finding(kind, String.format(Locale.ROOT, format, arguments)));
    }
  }

  /// True if COPIED bits and leaks are the worst.
  boolean onlyCopied() {
    return corruptions == copied && errors == 0;
  }

  boolean isIncomplete() {
    return incomplete;
  }

  CheckReport report(long totalClusters, long imageEnd) {
    return new CheckReport(
        corruptions,
        leaks,
        0,
        0,
        errors,
        totalClusters,
        allocated,
        compressed,
        fragmented,
        imageEnd,
        findings);
  }
}
