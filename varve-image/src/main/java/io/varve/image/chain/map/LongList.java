// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.map;

import java.util.Arrays;

/// Longs that grow in number.
final class LongList {
  private long[] values = {};
  private int size;

  int size() {
    return size;
  }

  void add(long value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, Math.max(16, 2 * size));
    }
    values[size++] = value;
  }

  long[] toArray() {
    return Arrays.copyOf(values, size);
  }
}
