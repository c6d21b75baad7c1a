// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.io.PrintStream;

/// Looks whether a part of what was read is one byte over and over.
final class ReadCheck implements Device.Sink {
  private final int pattern;
  private final long from;
  private final long length;
  private long position;
  private boolean failed;

  /// @param pattern below zero where nothing is to be checked
  /// @param from where the part begins, counted from the beginning of the request
  ReadCheck(int pattern, long from, long length) {
    this.pattern = pattern;
    this.from = from;
    this.length = length;
  }

  @Override
  public void take(byte[] bytes, int count) {
    if (pattern >= 0 && !failed) {
      int start = Math.clamp(from - position, 0, count);
      int end = Math.clamp(from + length - position, 0, count);
      byte expected = (byte) pattern;
      for (int i = start; i < end; i++) {
        if (bytes[i] != expected) {
          failed = true;
          break;
        }
      }
    }
    position += count;
  }

  /// Complains if something else was found; true if not.
  boolean report(PrintStream out, long offset) {
    if (failed) {
      out.print(
          "Pattern verification failed at offset " + (offset + from) + ", " + length + " bytes\n");
    }
    return !failed;
  }
}
