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
  private final PrintStream to = new PrintStream(text, false, StandardCharsets.UTF_8);
  private final DumpSink sink;

  DumpBuffer(long offset) {
    this.sink = new DumpSink(to, offset);
  }

  @Override
  public void take(byte[] bytes, int length) {
    if (text.size() < MOST) {
      sink.take(bytes, length);
      to.flush();
    }
  }

  void printTo(PrintStream out) {
    sink.finish();
    to.flush();
    byte[] all = text.toByteArray();
    out.write(all, 0, all.length);
  }
}
