// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.text;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Sizes and offsets as people write and read them: powers of 1024, `10G`, `1.5T`, `512`, `0x1000`.
///
/// `GB` is refused: half of the readers take it for 10^9, and a disk must not depend on the reader.
public final class ByteSize {
  private static final String UNITS = "KMGTPE";
  private static final Pattern WRITTEN =
      Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*(?:([KMGTPEkmgtpe])(i[Bb])?|[Bb])?");
  private static final Pattern HEX = Pattern.compile("0[xX]([0-9a-fA-F]{1,16})");

  private ByteSize() {}

  /// The number of bytes that `text` names; a fraction of a byte is dropped.
  ///
  /// @throws IllegalArgumentException with a message for the user if it names none
  public static long parse(String text) {
    String trimmed = text.strip();
    Matcher hex = HEX.matcher(trimmed);
    if (hex.matches()) {
      return inRange(new BigDecimal(new java.math.BigInteger(hex.group(1), 16)), text);
    }
    Matcher written = WRITTEN.matcher(trimmed);
    if (!written.matches()) {
      throw new IllegalArgumentException(
          "'%s' is not a size: write bytes (4096, 0x1000) or a number with K, M, G, T, P or E (10G, 1.5T)"
              .formatted(text));
    }
    BigDecimal number = new BigDecimal(written.group(1));
    if (written.group(2) != null) {
      int power = UNITS.indexOf(written.group(2).toUpperCase(Locale.ROOT)) + 1;
      number = number.multiply(BigDecimal.valueOf(2).pow(10 * power));
    }
    return inRange(number, text);
  }

  private static long inRange(BigDecimal bytes, String text) {
    if (bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
      throw new IllegalArgumentException("'%s' is beyond 8 EiB".formatted(text));
    }
    return bytes.setScale(0, RoundingMode.FLOOR).longValueExact();
  }

  /// Three digits and a unit: `0 B`, `512 B`, `1.50 KiB`, `34.2 MiB`, `256 GiB`.
  public static String human(long bytes) {
    if (bytes < 0) {
      return "-" + human(bytes == Long.MIN_VALUE ? Long.MAX_VALUE : -bytes);
    }
    if (bytes < 1024) {
      return bytes + " B";
    }
    int power = (63 - Long.numberOfLeadingZeros(bytes)) / 10;
    double value = bytes / Math.pow(1024, power);
    if (value >= 1023.5 && power < UNITS.length()) {
      value /= 1024;
      power++;
    }
    return "%s %siB".formatted(threeDigits(value), UNITS.charAt(power - 1));
  }

  /// As [#human], or the plain number where the user asked for exact figures.
  public static String show(long bytes, boolean exact) {
    return exact ? Long.toString(bytes) : human(bytes);
  }

  static String threeDigits(double value) {
    String text = String.format(Locale.ROOT, "%.2f", value);
    if (value >= 99.95) {
      text = String.format(Locale.ROOT, "%.0f", value);
    } else if (value >= 9.995) {
      text = String.format(Locale.ROOT, "%.1f", value);
    }
    return text.contains(".") ? text.replaceFirst("0+$", "").replaceFirst("\\.$", "") : text;
  }
}
