// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.text;

/// Numbers of things in words: `1 disk`, `2 disks`.
public final class Count {
  private Count() {}

  /// @param thing in the singular, of those that take an s
  public static String of(long number, String thing) {
    return number + " " + thing + (number == 1 ? "" : "s");
  }
}
