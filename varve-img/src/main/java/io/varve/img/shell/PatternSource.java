// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.util.Arrays;

/// One byte over and over.
record PatternSource(int pattern) implements Device.Source {
  @Override
  public void fill(byte[] bytes, int length) {
    Arrays.fill(bytes, 0, length, (byte) pattern);
  }
}
