// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

/// What `posix_fadvise(2)` is told about coming reads.
public enum Advice {
  NORMAL(0),
  /// No read-ahead, and no large folios in the page cache, which slow small writes down.
  RANDOM(1),
  SEQUENTIAL(2),
  WILL_NEED(3),
  /// Clean pages of the range may leave the page cache.
  DONT_NEED(4);

  private final int number;

  Advice(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }
}
