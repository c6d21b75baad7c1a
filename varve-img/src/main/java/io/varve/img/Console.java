// SPDX-License-Identifier: Apache-2.0
package io.varve.img;

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

/// Everything that a run touches of its process, so that tests run it in process, side by side with
/// the real tool: its name, its folder, its streams.
///
/// Standard output is buffered as the C library does it: what a program says on standard error
/// comes before what it printed earlier, unless a terminal reads both or the program flushed.
/// Callers that print while they work ([io.varve.img.text.ProgressText]) flush.
///
/// **Threads.** One run has one console; the streams may be used from any thread.
public final class Console {
  /// What the C library buffers for a pipe.
  private static final int BUFFER = 4096;

  private final String program;
  private final Path directory;
  private final InputStream in;
  private final PrintStream out;
  private final PrintStream err;
  private final boolean system;

  /// @param program the name that messages begin with, such as `qemu-img`
  /// @param directory what relative names are relative to
  public Console(
      String program, Path directory, InputStream in, OutputStream out, OutputStream err) {
    this(program, directory, in, out, err, false);
  }

  private Console(
      String program,
      Path directory,
      InputStream in,
      OutputStream out,
      OutputStream err,
      boolean system) {
    this.program = program;
    this.directory = directory;
    this.in = in;
    this.out =
        new PrintStream(new BufferedOutputStream(out, BUFFER), false, StandardCharsets.UTF_8);
    this.err =
        new PrintStream(new BufferedOutputStream(err, BUFFER), false, StandardCharsets.UTF_8);
    this.system = system;
  }

  /// The streams and the folder of this process.
  public static Console system(String program) {
    return new Console(
        program,
        Path.of(""),
        new FileInputStream(FileDescriptor.in),
        new FileOutputStream(FileDescriptor.out),
        new FileOutputStream(FileDescriptor.err),
        true);
  }

  /// `System.console()` would load a line editor to find out.
  private static boolean isTerminal() {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException | UnsupportedOperationException _) {
      return false;
    }
  }

  public String program() {
    return program;
  }

  /// True if this run stands in for QEMU's own tool, and does what that does even where Varve by
  /// its own name would not.
  public boolean speaksForQemu() {
    return program.startsWith("qemu-");
  }

  public Path directory() {
    return directory;
  }

  /// The path that `name` means.
  public Path resolve(String name) {
    return directory.resolve(name);
  }

  public InputStream in() {
    return in;
  }

  /// Standard output; buffered until the program ends or calls `flush`.
  public PrintStream out() {
    return out;
  }

  /// Standard error; what goes there directly must be flushed.
  public PrintStream err() {
    return err;
  }

  /// Prints `PROGRAM: TEXT` on standard error.
  public void error(String text) {
    line(program + ": " + text);
  }

  /// Prints `PROGRAM: warning: TEXT` on standard error.
  public void warning(String text) {
    line(program + ": warning: " + text);
  }

  /// Prints on standard error what the library noticed: as it is, a warning with the name of the
  /// program in front. A second line ends without its line's end, as QEMU leaves it.
  public void notice(String text) {
    String shown = text.startsWith("warning: ") ? program + ": " + text : text;
    say(text.indexOf('\n') < 0 ? shown + "\n" : shown);
  }

  /// Prints a line on standard error as it is.
  public void line(String text) {
    // Not println: the line's end must not depend on a property.
    say(text + "\n");
  }

  private void say(String text) {
    if (system && isTerminal()) {
      out.flush();
    }
    err.print(text);
    err.flush();
  }

  /// Ends the run: what was printed goes out. False where standard output took no more.
  public boolean finish() {
    err.flush();
    return !out.checkError();
  }
}
