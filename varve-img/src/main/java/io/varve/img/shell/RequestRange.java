// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.io.PrintStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The range that a command names by offset and length, in bytes.
record RequestRange(long offset, long length) {
  /// Longest request.
  static final long MAX_BYTES = 2147483136;

  private static final int SECTOR = 512;

  /// Reads the two words; complains and answers null if they make no range.
  ///
  /// @param most longest range allowed
  /// @param unless what would allow more, for the complaint
  static @Nullable RequestRange of(
      PrintStream out, List<String> operands, long most, String unless) {
    long offset = Numbers.size(out, operands.get(0));
    if (offset < 0) {
      return null;
    }
    long length = Numbers.size(out, operands.get(1));
    if (length < 0) {
      return null;
    }
    if (length > most) {
      out.print("length cannot exceed " + MAX_BYTES + unless + ", given " + operands.get(1) + "\n");
      return null;
    }
    return new RequestRange(offset, length);
  }

  /// Complains unless both are multiples of 512.
  boolean requireSectors(PrintStream out) {
    return isSectors(out, offset, "offset") && isSectors(out, length, "count");
  }

  private static boolean isSectors(PrintStream out, long value, String what) {
    if (value % SECTOR == 0) {
      return true;
    }
    out.print(value + " is not a sector-aligned value for '" + what + "'\n");
    return false;
  }
}
