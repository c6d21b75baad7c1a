// SPDX-License-Identifier: Apache-2.0
package io.varve.img.create;

import io.varve.img.ImgException;
import io.varve.img.args.Sizes;

/// Reads the values of options, with QEMU's words for those that are of the wrong kind.
public final class OptionValues {
  private OptionValues() {}

  /// The value in its normal form.
  ///
  /// @throws ImgException if it is of the wrong kind
  static String checked(OptionDesc option, String value) throws ImgException {
    return switch (option.kind()) {
      case TEXT -> value;
      case SWITCH -> switched(option.name(), value);
      case NUMBER -> Long.toString(number(option.name(), value));
      case SIZE -> Long.toString(size(option.name(), value));
    };
  }

  private static String switched(String name, String value) throws ImgException {
    return switch (value) {
      case "on", "yes", "true", "y" -> "on";
      case "off", "no", "false", "n" -> "off";
      default -> throw new ImgException("Parameter '" + name + "' expects 'on' or 'off'");
    };
  }

  /// A size.
  public static long size(String name, String value) throws ImgException {
    long size = Sizes.parse(value);
    if (size == Sizes.OUT_OF_RANGE) {
      throw new ImgException("Value '" + value + "' is out of range for parameter '" + name + "'");
    }
    if (size == Sizes.INVALID) {
      throw new ImgException("Parameter '" + name + "' expects a non-negative number below 2^64")
          .withHint("Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-")
          .withHint("and exabytes, respectively.");
    }
    return size;
  }

  /// A number as C reads it: `0x10`, `020`, `-1`.
  public static long number(String name, String value) throws ImgException {
    String digits = value.stripLeading();
    boolean negative = digits.startsWith("-");
    if (negative || digits.startsWith("+")) {
      digits = digits.substring(1);
    }
    int radix = 10;
    if (digits.startsWith("0x") || digits.startsWith("0X")) {
      radix = 16;
      digits = digits.substring(2);
    } else if (digits.length() > 1 && digits.startsWith("0")) {
      radix = 8;
      digits = digits.substring(1);
    }
    if (digits.isEmpty()) {
      throw new ImgException("Parameter '" + name + "' expects a number");
    }
    for (int i = 0; i < digits.length(); i++) {
      if (Character.digit(digits.charAt(i), radix) < 0) {
        throw new ImgException("Parameter '" + name + "' expects a number");
      }
    }
    try {
      long number = Long.parseUnsignedLong(digits, radix);
      return negative ? -number : number;
    } catch (NumberFormatException _) {
      throw new ImgException("Value '" + value + "' is too large for parameter '" + name + "'");
    }
  }
}
