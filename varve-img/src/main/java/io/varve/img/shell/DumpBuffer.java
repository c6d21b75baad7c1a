// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/// Keeps what an asynchronous read shall print until it is reported. Bounded: what is longer than
/// anybody reads is cut.
final class DumpBuffer implements Device.Sink {
  private static final int MOST = 16 << 20;

  private final ByteArrayOutputStream text = new ByteArrayOutputStream();
  private long offset;

  DumpBuffer(long offset) {
    this.offset = offset;
  }

  @Override
  public void take(byte[] bytes, int length) {
    if (text.size() < MOST) {
      PrintStream out = new PrintStream(text, false, StandardCharsets.UTF_8);
      HexDump.print(out, offset, bytes, length);
      out.flush();
    }
    offset += length;
  }

  void printTo(PrintStream out) {
    byte[] all = text.toByteArray();
    out.write(all, 0, all.length);
  }
}
