// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.io.PrintStream;
import java.util.List;

/// Lengths of the buffers that one request is made of.
final class Vectors {
  private Vectors() {}

  /// Sum of the lengths, which begin at `from`; complains and answers a negative number if one is
  /// no length or they are too long.
  static long total(PrintStream out, List<String> operands, int from) {
    long total = 0;
    for (int i = from; i < operands.size(); i++) {
      String word = operands.get(i);
      long length = Numbers.size(out, word);
      if (length < 0) {
        return -1;
      }
      if (length > RequestRange.MAX_BYTES) {
        out.print("Argument '" + word + "' exceeds maximum size " + RequestRange.MAX_BYTES + "\n");
        return -1;
      }
      if (total > RequestRange.MAX_BYTES - length) {
        out.print(
            "The total number of bytes exceed the maximum size " + RequestRange.MAX_BYTES + "\n");
        return -1;
      }
      total += length;
    }
    return total;
  }
}
