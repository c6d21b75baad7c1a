// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.io.PrintStream;

/// Bytes for people: sixteen in a line, with their offset before and their letters behind.
final class HexDump {
  /// Bytes in a line.
  static final int WIDTH = 16;

  private static final String DIGITS = "0123456789abcdef";

  private HexDump() {}

  /// @param offset of the first byte on the disk
  /// @param from its place in `bytes`
  static void print(PrintStream out, long offset, byte[] bytes, int from, int length) {
    StringBuilder text = new StringBuilder();
    for (int line = 0; line < length; line += WIDTH) {
      int end = Math.min(line + WIDTH, length);
      String address = Long.toHexString(offset + line);
      text.repeat('0', Math.max(0, 8 - address.length())).append(address).append(":  ");
      for (int i = line; i < end; i++) {
        int value = bytes[from + i] & 0xff;
        text.append(DIGITS.charAt(value >>> 4)).append(DIGITS.charAt(value & 15)).append(' ');
      }
      text.append(' ');
      for (int i = line; i < end; i++) {
        text.append(isLetterOrDigit(bytes[from + i]) ? (char) bytes[from + i] : '.');
      }
      text.append('\n');
    }
    out.print(text);
  }

  private static boolean isLetterOrDigit(byte value) {
    return (value >= '0' && value <= '9')
        || (value >= 'A' && value <= 'Z')
        || (value >= 'a' && value <= 'z');
  }
}
