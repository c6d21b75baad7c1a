// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.io.PrintStream;

/// Prints what is read, in lines that begin where the request begins.
final class DumpSink implements Device.Sink {
  private final PrintStream out;
  private final byte[] line = new byte[HexDump.WIDTH];
  private int waiting;
  private long offset;

  /// @param offset of the first byte
  DumpSink(PrintStream out, long offset) {
    this.out = out;
    this.offset = offset;
  }

  @Override
  public void take(byte[] bytes, int length) {
    int from = 0;
    while (from < length && waiting > 0) {
      line[waiting++] = bytes[from++];
      if (waiting == line.length) {
        finish();
      }
    }
    int whole = (length - from) / HexDump.WIDTH * HexDump.WIDTH;
    HexDump.print(out, offset, bytes, from, whole);
    offset += whole;
    for (int i = from + whole; i < length; i++) {
      line[waiting++] = bytes[i];
    }
  }

  /// Prints the last line, which may be short.
  void finish() {
    HexDump.print(out, offset, line, 0, waiting);
    offset += waiting;
    waiting = 0;
  }
}
