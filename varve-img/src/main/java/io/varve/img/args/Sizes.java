// SPDX-License-Identifier: Apache-2.0
package io.varve.img.args;

import io.varve.img.ImgException;
import java.math.BigDecimal;
import java.math.RoundingMode;

/// Sizes as people write them: `65536`, `64k`, `1.5G`, `0x10000`. Suffixes count in powers of 1024;
/// `b` means bytes.
public final class Sizes {
  /// The text is no size.
  public static final long INVALID = -1;

  /// The size does not fit into 64 bits without a sign.
  public static final long OUT_OF_RANGE = -2;

  private static final String UNITS = "bkmgtpe";

  private Sizes() {}

  /// A size up to 2^63 - 1, or [#INVALID] or [#OUT_OF_RANGE].
  public static long parse(String text) {
    return parse(text, 'b');
  }

  /// @param unit the suffix that a bare number is meant in
  public static long parse(String text, char unit) {
    String number = text.stripLeading();
    if (number.startsWith("-")) {
      return number.length() > 1 && Character.isDigit(number.charAt(1)) ? OUT_OF_RANGE : INVALID;
    }
    if (number.startsWith("+")) {
      number = number.substring(1);
    }
    if (number.startsWith("0x") || number.startsWith("0X")) {
      return hexadecimal(number.substring(2));
    }
    int end = 0;
    int point = -1;
    while (end < number.length()) {
      char c = number.charAt(end);
      if (c == '.' && point < 0) {
        point = end;
      } else if (c < '0' || c > '9') {
        break;
      }
      end++;
    }
    boolean hasDigits = end > (point < 0 ? 0 : 1);
    if (!hasDigits || number.length() > end + 1) {
      return INVALID;
    }
    char suffix = end == number.length() ? unit : Character.toLowerCase(number.charAt(end));
    int power = UNITS.indexOf(suffix);
    if (power < 0) {
      return INVALID;
    }
    return point < 0 ? whole(number, end, power) : fraction(number.substring(0, end), power);
  }

  private static long whole(String digits, int end, int power) {
    long value = 0;
    long most = Long.MAX_VALUE >>> (10 * power);
    for (int i = 0; i < end; i++) {
      int digit = digits.charAt(i) - '0';
      if (digit > most || value > (most - digit) / 10) {
        return OUT_OF_RANGE;
      }
      value = value * 10 + digit;
    }
    return value << (10 * power);
  }

  private static long fraction(String digits, int power) {
    // A fraction of a byte cannot be meant.
    BigDecimal value = new BigDecimal(digits.endsWith(".") ? digits + "0" : digits);
    if (power == 0 && value.stripTrailingZeros().scale() > 0) {
      return INVALID;
    }
    BigDecimal bytes =
        value.multiply(BigDecimal.valueOf(1L << (10 * power))).setScale(0, RoundingMode.HALF_EVEN);
    return bytes.toBigInteger().bitLength() > 63 ? OUT_OF_RANGE : bytes.longValue();
  }

  private static long hexadecimal(String digits) {
    if (digits.isEmpty()) {
      return INVALID;
    }
    long value = 0;
    for (int i = 0; i < digits.length(); i++) {
      int digit = Character.digit(digits.charAt(i), 16);
      if (digit < 0) {
        return INVALID;
      }
      if (value > Long.MAX_VALUE >>> 4) {
        return OUT_OF_RANGE;
      }
      value = value << 4 | digit;
    }
    return value;
  }

  /// A size given on the command line.
  ///
  /// @param what it is the size of, for the message: `image size`, `granularity`
  public static long require(String what, String text) throws ImgException {
    return require(what, text, 0, Long.MAX_VALUE);
  }

  /// A size from `min` to `max`.
  public static long require(String what, String text, long min, long max) throws ImgException {
    long value = parse(text);
    if (value == INVALID) {
      throw new ImgException(
              "Invalid " + what + " specified. You may use k, M, G, T, P or E suffixes for")
          .withMessage("kilobytes, megabytes, gigabytes, terabytes, petabytes and exabytes.");
    }
    if (value == OUT_OF_RANGE || value < min || value > max) {
      throw new ImgException(
          "Invalid " + what + " specified. Must be between " + min + " and " + max + ".");
    }
    return value;
  }
}
