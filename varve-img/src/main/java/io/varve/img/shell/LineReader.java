// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Reads commands from standard input, a line each. What is longer than any command comes in
/// pieces.
public final class LineReader {
  private static final int MOST = 1023;

  private final InputStream in;

  public LineReader(InputStream in) {
    this.in = new BufferedInputStream(in);
  }

  /// The next line without its end, null when there is none.
  public @Nullable String next() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int c = in.read();
    if (c < 0) {
      return null;
    }
    while (c >= 0 && c != '\n' && line.size() < MOST) {
      line.write(c);
      c = line.size() < MOST ? in.read() : -1;
    }
    return line.toString(StandardCharsets.UTF_8);
  }
}
