// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What a pass over an image shall do. Immutable: every `with…` method returns another value.
public final class CheckOptions {
  private @Nullable RepairMode repair;
  private boolean careful = true;
  private Consumer<Finding> hearer = CheckOptions::ignore;
  private CheckProgress progress = CheckProgress.NONE;

  private CheckOptions() {}

  private CheckOptions(CheckOptions from) {
    repair = from.repair;
    careful = from.careful;
    hearer = from.hearer;
    progress = from.progress;
  }

  private static void ignore(Finding finding) {}

  /// Looks, and changes nothing.
  public static CheckOptions look() {
    return new CheckOptions();
  }

  /// What to repair, null for nothing.
  public @Nullable RepairMode repair() {
    return repair;
  }

  /// Where a part of an image cannot be followed, no refcount is lowered and nothing is written to
  /// places that damaged entries point at: leaks stay rather than data go. Without it a repair does
  /// all that `qemu-img check -r` does.
  public boolean careful() {
    return careful;
  }

  /// Told of each finding as it is made, in QEMU's order.
  public Consumer<Finding> hearer() {
    return hearer;
  }

  public CheckProgress progress() {
    return progress;
  }

  public CheckOptions withRepair(@Nullable RepairMode mode) {
    CheckOptions next = new CheckOptions(this);
    next.repair = mode;
    return next;
  }

  public CheckOptions withCare(boolean keepRatherThanFree) {
    CheckOptions next = new CheckOptions(this);
    next.careful = keepRatherThanFree;
    return next;
  }

  public CheckOptions withHearer(Consumer<Finding> consumer) {
    CheckOptions next = new CheckOptions(this);
    next.hearer = consumer;
    return next;
  }

  public CheckOptions withProgress(CheckProgress listener) {
    CheckOptions next = new CheckOptions(this);
    next.progress = listener;
    return next;
  }

  boolean fixesErrors() {
    return repair == RepairMode.ALL;
  }

  boolean fixesLeaks() {
    return repair != null;
  }
}
