// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import java.util.Locale;

/// The systems that the layouts and numbers of this package hold for.
public enum Platform {
  LINUX_X86_64,
  LINUX_AARCH64;

  private static final String FOUND =
      System.getProperty("os.name") + " on " + System.getProperty("os.arch");

  /// The running system.
  ///
  /// @throws UnsupportedOperationException on any other system, with its name
  public static Platform require() {
    if (System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("linux")) {
      switch (System.getProperty("os.arch")) {
        case "amd64", "x86_64" -> {
          return LINUX_X86_64;
        }
        case "aarch64" -> {
          return LINUX_AARCH64;
        }
        default -> {}
      }
    }
    throw new UnsupportedOperationException(
        "Varve reads and writes images through Linux system calls: expected Linux on x86_64 or"
            + " aarch64, found "
            + FOUND);
  }
}
