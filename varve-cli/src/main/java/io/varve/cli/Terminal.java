// SPDX-License-Identifier: Apache-2.0
package io.varve.cli;

import io.varve.cli.text.ClosedOutputException;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/// Where a command reads and writes, and what is known of the other side. Tests give their own.
///
/// Text leaves as UTF-8 whatever the locale: names and paths must come out as they went in. A
/// reader who goes away ends the command by [ClosedOutputException]. Not for use by several
/// threads, but for [#err()], which progress may write from another.
public final class Terminal {
  /// Which of the three streams are a person's terminal.
  ///
  /// @param in standard input
  /// @param out standard output
  /// @param err standard error
  public record Tty(boolean in, boolean out, boolean err) {
    public static final Tty NONE = new Tty(false, false, false);
  }

  private static final int DEFAULT_WIDTH = 100;

  private final InputStream in;
  private final PrintStream out;
  private final PrintStream err;
  private final Tty tty;
  private final Map<String, String> environment;

  /// @param environment the variables, as [System#getenv()] gives them
  public Terminal(
      InputStream in,
      OutputStream out,
      OutputStream err,
      Tty tty,
      Map<String, String> environment) {
    this.in = in;
    this.out = text(new CheckedOutput(out), false);
    this.err = text(err, true);
    this.tty = tty;
    this.environment = Map.copyOf(environment);
  }

  /// The terminal of this process.
  public static Terminal system() {
    return new Terminal(
        new FileInputStream(FileDescriptor.in),
        new FileOutputStream(FileDescriptor.out),
        new FileOutputStream(FileDescriptor.err),
        new Tty(isTty(0), isTty(1), isTty(2)),
        System.getenv());
  }

  private static PrintStream text(OutputStream to, boolean autoFlush) {
    return new PrintStream(
        autoFlush ? to : new BufferedOutputStream(to, 1 << 16), autoFlush, StandardCharsets.UTF_8);
  }

  /// A terminal is known by its name in /dev: no native call, and no console class is loaded.
  private static boolean isTty(int descriptor) {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.equals("/dev/console");
    } catch (IOException | UnsupportedOperationException _) {
      return false;
    }
  }

  public InputStream in() {
    return in;
  }

  /// Buffered; [#flush()] empties it.
  public PrintStream out() {
    return out;
  }

  public PrintStream err() {
    return err;
  }

  public Tty tty() {
    return tty;
  }

  /// All variables of the environment.
  public Map<String, String> environment() {
    return environment;
  }

  /// A variable of the environment, or an empty text.
  public String variable(String name) {
    return environment.getOrDefault(name, "");
  }

  /// True if the locale promises a reader of UTF-8, so that box characters may be drawn.
  public boolean unicode() {
    for (String name : new String[] {"LC_ALL", "LC_CTYPE", "LANG"}) {
      String value = variable(name).toUpperCase(Locale.ROOT);
      if (!value.isEmpty()) {
        return value.contains("UTF-8") || value.contains("UTF8");
      }
    }
    return false;
  }

  /// True if bold may be used: a person looks on and has not set NO_COLOR.
  public boolean styled() {
    return tty.out && variable("NO_COLOR").isEmpty() && !variable("TERM").equals("dumb");
  }

  /// Columns of a line.
  public int width() {
    try {
      return Math.clamp(Integer.parseInt(variable("COLUMNS")), 60, 200);
    } catch (NumberFormatException _) {
      return DEFAULT_WIDTH;
    }
  }

  public void flush() {
    out.flush();
    err.flush();
  }

  /// PrintStream swallows errors: a full disk behind `>` would pass for success.
  private static final class CheckedOutput extends OutputStream {
    private final OutputStream to;

    CheckedOutput(OutputStream to) {
      this.to = to;
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      try {
        to.write(bytes, offset, length);
      } catch (IOException e) {
        throw new ClosedOutputException(e);
      }
    }

    @Override
    public void flush() {
      try {
        to.flush();
      } catch (IOException e) {
        throw new ClosedOutputException(e);
      }
    }
  }
}
