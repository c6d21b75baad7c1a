// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

/// How two disks compare.
///
/// @param outcome the first difference found, or none
/// @param offset guest offset of the first differing byte, or the start of the stretch of differing
///   status; -1 where there is none
public record CompareResult(Outcome outcome, long offset) {
  public enum Outcome {
    /// Same content; where one disk is longer, the rest of it is zero.
    EQUAL,
    /// A guest would read something else.
    CONTENT,
    /// Strict: the disks have different sizes.
    SIZE,
    /// Strict: one holds data where the other holds zeros or nothing.
    STATUS
  }

  public boolean equal() {
    return outcome == Outcome.EQUAL;
  }
}
