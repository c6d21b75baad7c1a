// SPDX-License-Identifier: Apache-2.0
package io.varve.img.text;

/// A size for people, as QEMU prints it: three significant digits and a binary unit, `196 KiB`,
/// `1.5 GiB`, `0 B`.
public final class HumanSize {
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  private HumanSize() {}

  /// @param bytes read without a sign
  public static String of(long bytes) {
    double value = unsigned(bytes);
    // From 1000 on the next unit is used, though it is worth 1024.
    int unit = 0;
    double scaled = value;
    while (scaled >= 1000 && unit < UNITS.length - 1) {
      scaled /= 1024;
      unit++;
    }
    return significant(scaled) + " " + UNITS[unit];
  }

  private static double unsigned(long bytes) {
    return bytes >= 0 ? bytes : (bytes >>> 1) * 2.0;
  }

  /// Three significant digits without trailing zeros, as C's `%0.3g` writes them below 1000.
  static String significant(double value) {
    if (value == 0) {
      return "0";
    }
    int decimals = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
    double factor = 1;
    for (int i = 0; i < decimals; i++) {
      factor *= 10;
    }
    long rounded = (long) Math.rint(value * factor);
    if (rounded >= 1000 && decimals == 0) {
      return "1e+03";
    }
    long whole = rounded / (long) factor;
    long rest = rounded % (long) factor;
    if (rest == 0) {
      return Long.toString(whole);
    }
    StringBuilder digits = new StringBuilder(Long.toString(rest));
    while (digits.length() < decimals) {
      digits.insert(0, '0');
    }
    while (digits.charAt(digits.length() - 1) == '0') {
      digits.setLength(digits.length() - 1);
    }
    return whole + "." + digits;
  }
}
