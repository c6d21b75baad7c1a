// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.Terminal;
import io.varve.cli.UsageException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// Asks before something goes for good. Nobody there to answer, and no `--yes`: the verb is refused
/// before it touches anything.
final class Confirmation {
  private static final int LONGEST_ANSWER = 64;

  private Confirmation() {}

  /// Returns true if the user, or `--yes`, agrees; false if the user declines.
  ///
  /// @param what the change in one sentence, without a question mark, such as "Deletes shop@clean."
  /// @throws UsageException if there is nobody to ask
  static boolean given(Terminal terminal, boolean yes, String what) throws IOException {
    if (yes) {
      return true;
    }
    if (!terminal.tty().in() || !terminal.tty().err()) {
      throw new UsageException(
          "this needs a yes, and standard input is not a terminal. " + what,
          "add --yes if that is what you want");
    }
    terminal.flush();
    terminal.err().print(what + "\nGo on? [y/N] ");
    terminal.err().flush();
    String answer = line(terminal.in()).strip().toLowerCase(Locale.ROOT);
    return answer.equals("y") || answer.equals("yes");
  }

  /// Byte by byte: what follows the line belongs to whoever reads next.
  private static String line(InputStream in) throws IOException {
    byte[] bytes = new byte[LONGEST_ANSWER];
    int length = 0;
    for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
      if (length < bytes.length) {
        bytes[length++] = (byte) b;
      }
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }
}
