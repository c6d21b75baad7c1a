// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.img.args.Sizes;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.RoundingMode;

/// Numbers as the shell reads and prints them.
final class Numbers {
  private static final String[] UNITS = {" bytes", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};

  /// No number of a C `long`.
  static final long NOT_A_NUMBER = Long.MIN_VALUE;

  private Numbers() {}

  /// A size or an offset: `512`, `64k`, `0x200`; complains and answers a negative number otherwise.
  static long size(PrintStream out, String text) {
    long value = Sizes.parse(text);
    if (value == Sizes.OUT_OF_RANGE) {
      out.print("Parsing error: argument too large -- " + text + "\n");
    } else if (value < 0) {
      out.print(
          "Parsing error: non-numeric argument, or extraneous/unrecognized suffix -- "
              + text
              + "\n");
    }
    return value;
  }

  /// A byte from 0 to 255; complains and answers a negative number otherwise.
  static int pattern(PrintStream out, String text) {
    long value = integer(text);
    if (value < 0 || value > 255) {
      out.print(text + " is not a valid pattern byte\n");
      return -1;
    }
    return (int) value;
  }

  /// An integer as C's `strtol` reads it with base 0, when nothing follows it: decimal, `0x…` or
  /// octal `0…`; nothing at all is zero. [#NOT_A_NUMBER] otherwise.
  static long integer(String text) {
    String digits = text.stripLeading();
    boolean negative = digits.startsWith("-");
    if (negative || digits.startsWith("+")) {
      digits = digits.substring(1);
    } else if (text.isEmpty()) {
      return 0;
    }
    int radix = 10;
    if (digits.startsWith("0x") || digits.startsWith("0X")) {
      radix = 16;
      digits = digits.substring(2);
    } else if (digits.startsWith("0")) {
      radix = 8;
    }
    if (digits.isEmpty() || !Character.isLetterOrDigit(digits.charAt(0))) {
      return NOT_A_NUMBER;
    }
    try {
      long value = Long.parseLong(digits, radix);
      return negative ? -value : value;
    } catch (NumberFormatException _) {
      return NOT_A_NUMBER;
    }
  }

  /// As [#amount(double)], of whole bytes.
  static String amount(long bytes) {
    return amount((double) bytes);
  }

  /// An amount with the largest binary unit that leaves at least one: `512 bytes`, `1.500 KiB`.
  static String amount(double value) {
    int unit = 0;
    double scaled = value;
    while (scaled >= 1024 && unit < UNITS.length - 1) {
      scaled /= 1024;
      unit++;
    }
    String digits = fixed(scaled, unit == 0 ? 6 : 3);
    int zeros = digits.indexOf(".000");
    return (zeros < 0 ? digits : digits.substring(0, zeros)) + UNITS[unit];
  }

  /// As C's `%.Nf` prints it.
  static String fixed(double value, int decimals) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return "inf";
    }
    return new BigDecimal(value).setScale(decimals, RoundingMode.HALF_EVEN).toPlainString();
  }
}
