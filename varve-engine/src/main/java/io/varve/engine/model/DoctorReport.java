// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a doctor found in a pool.
///
/// @param layers files that were looked at
/// @param ailments what is wrong
public record DoctorReport(String pool, int layers, List<Ailment> ailments) {

  /// One thing that is wrong.
  ///
  /// @param file it is about, null where it is about none
  /// @param problem what is wrong
  /// @param repair what mends it without guessing; null where only a person can
  /// @param cure what a person can do; empty where there is a repair
  /// @param mended it was
  public record Ailment(
      Kind kind,
      @Nullable Path file,
      String problem,
      @Nullable String repair,
      String cure,
      boolean mended) {}

  /// What kind of thing; stable names for programs.
  public enum Kind {
    /// A verb was cut short and has not been finished or undone yet.
    JOURNAL,
    /// A file that was never finished, and that no verb under way knows.
    UNFINISHED,
    /// A file that is no layer.
    STRAY_FILE,
    /// An image of another maker.
    FOREIGN_LAYER,
    /// A layer under another name than its id.
    WRONG_NAME,
    /// A second file with the identity of another one.
    COPY,
    /// A layer whose header names another base than its identity.
    WRONG_BASE,
    /// A file that the catalog has and that is not there.
    MISSING_LAYER,
    /// A layer whose base is not there.
    MISSING_BASE,
    /// Layers that stand on each other in a circle.
    CYCLE,
    /// A file that cannot be read as what it is.
    UNREADABLE,
    /// An image that is marked as damaged, or whose index is.
    CORRUPT,
    /// Clusters that are counted and belong to nothing.
    LEAKS,
    /// An image whose counts are stale by its own word.
    DIRTY,
    /// A size in the catalog that is not that of the file.
    WRONG_SIZE,
    /// A frozen file that can be written, or an active one that cannot.
    WRONG_MODE,
    /// The catalog says other things than the files.
    CATALOG_BEHIND,
    /// A side file of no family, or one that was never finished.
    STALE_INDEX,
    /// A retired layer that nothing reads any more.
    UNREAD
  }

  /// How many are left that [DoctorSpec#fix()] would mend.
  public long mendable() {
    return ailments.stream().filter(a -> !a.mended && a.repair != null).count();
  }

  /// How many are left for a person.
  public long forPeople() {
    return ailments.stream().filter(a -> !a.mended && a.repair == null).count();
  }
}
