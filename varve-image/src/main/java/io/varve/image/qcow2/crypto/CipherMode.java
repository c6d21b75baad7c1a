// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import org.jspecify.annotations.Nullable;

/// How blocks of a sector are chained.
public enum CipherMode {
  ECB("ecb"),
  CBC("cbc"),
  XTS("xts"),
  CTR("ctr");

  private final String text;

  CipherMode(String text) {
    this.text = text;
  }

  /// The name as options and LUKS headers spell it.
  public String text() {
    return text;
  }

  /// The mode of that name, or null.
  public static @Nullable CipherMode named(String text) {
    for (CipherMode each : values()) {
      if (each.text.equals(text)) {
        return each;
      }
    }
    return null;
  }
}
