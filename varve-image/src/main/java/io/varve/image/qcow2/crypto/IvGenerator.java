// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import org.jspecify.annotations.Nullable;

/// How the number of a sector becomes its initialisation vector.
public enum IvGenerator {
  /// The low 32 bits of the number, little endian.
  PLAIN("plain"),
  /// The number in 64 bits, little endian.
  PLAIN64("plain64"),
  /// The number as in `plain64`, encrypted with a hash of the key.
  ESSIV("essiv");

  private final String text;

  IvGenerator(String text) {
    this.text = text;
  }

  /// The name as options and LUKS headers spell it.
  public String text() {
    return text;
  }

  /// The generator of that name, or null.
  public static @Nullable IvGenerator named(String text) {
    for (IvGenerator each : values()) {
      if (each.text.equals(text)) {
        return each;
      }
    }
    return null;
  }
}
