// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.qcow2.check.Finding.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Counts what a pass finds and mends, tells it on, and keeps the first of it.
final class Tally {
  /// Enough to see what is wrong; a hostile image has millions.
  static final int MAX_FINDINGS = 1000;

  private final Consumer<Finding> hearer;
  private final List<Finding> findings = new ArrayList<>();
  private long corruptions;
  private long leaks;
  private long errors;
  private long corruptionsFixed;
  private long leaksFixed;
  private long allocated;
  private long compressed;
  private long fragmented;
  private boolean incomplete;

  Tally(Consumer<Finding> hearer) {
    this.hearer = hearer;
  }

  /// Counts at one moment.
  record Counts(
      long corruptions, long leaks, long errors, long corruptionsFixed, long leaksFixed) {}

  Counts counts() {
    return new Counts(corruptions, leaks, errors, corruptionsFixed, leaksFixed);
  }

  /// Forgets what was counted since.
  void setCounts(Counts counts) {
    corruptions = counts.corruptions();
    leaks = counts.leaks();
    errors = counts.errors();
    corruptionsFixed = counts.corruptionsFixed();
    leaksFixed = counts.leaksFixed();
  }

  void say(Kind kind, String line) {
    say(new Finding(kind, line));
  }

  void say(Finding finding) {
    hearer.accept(finding);
    if (findings.size() < MAX_FINDINGS) {
      findings.add(finding);
    }
  }

  void corruption(String line) {
    corruptions++;
    say(Kind.CORRUPTION, line);
  }

  /// Damage that QEMU counts and does not tell.
  void corruptions(long more) {
    corruptions += more;
  }

  void leak(String line) {
    leaks++;
    say(Kind.LEAK, line);
  }

  void error(String line) {
    errors++;
    say(Kind.ERROR, line);
  }

  /// An error that the program tells under its name.
  void namedError(String line) {
    errors++;
    say(new Finding(Kind.ERROR, line, true));
  }

  void repairedCorruption(String line) {
    corruptionsFixed++;
    say(Kind.REPAIR, line);
  }

  void repairedLeak(String line) {
    leaksFixed++;
    say(Kind.REPAIR, line);
  }

  /// Corruptions and leaks that a step as a whole has mended.
  void repaired(long corruptionsLess, long leaksLess) {
    corruptionsFixed += corruptionsLess;
    leaksFixed += leaksLess;
  }

  /// A part of the tree could not be followed: what it refers to is not known.
  void incomplete() {
    incomplete = true;
  }

  boolean isIncomplete() {
    return incomplete;
  }

  /// True if nothing is wrong but leaks.
  boolean sound() {
    return corruptions == 0 && errors == 0;
  }

  /// Begins to count guest clusters anew.
  void forgetGuestClusters() {
    allocated = 0;
    compressed = 0;
    fragmented = 0;
  }

  /// @param times the table with these clusters is referred to by the active disk
  void guestClusters(long times, long allocatedMore, long compressedMore, long fragmentedMore) {
    allocated += times * allocatedMore;
    compressed += times * compressedMore;
    fragmented += times * fragmentedMore;
  }

  /// @param failure why the pass broke off, null if it did not
  CheckReport report(long totalClusters, long imageEnd, @Nullable String failure) {
    return new CheckReport(
        corruptions,
        leaks,
        corruptionsFixed,
        leaksFixed,
        errors,
        totalClusters,
        allocated,
        compressed,
        fragmented,
        imageEnd,
        findings,
        failure);
  }
}
