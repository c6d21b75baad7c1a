// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.io.PrintStream;

/// Prints what is read.
final class DumpSink implements Device.Sink {
  private final PrintStream out;
  private long offset;

  /// @param offset of the first byte
  DumpSink(PrintStream out, long offset) {
    this.out = out;
    this.offset = offset;
  }

  @Override
  public void take(byte[] bytes, int length) {
    HexDump.print(out, offset, bytes, length);
    offset += length;
  }
}
