// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import java.io.InputStream;
import java.util.Arrays;
import java.util.Objects;

/// One byte, so many times.
final class RepeatedByte extends InputStream {
  private final byte value;
  private long left;

  RepeatedByte(byte value, long times) {
    this.value = value;
    this.left = times;
  }

  @Override
  public int read() {
    if (left == 0) {
      return -1;
    }
    left--;
    return value & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    if (length == 0) {
      return 0;
    }
    if (left == 0) {
      return -1;
    }
    int count = (int) Math.min(length, left);
    Arrays.fill(bytes, offset, offset + count, value);
    left -= count;
    return count;
  }
}
