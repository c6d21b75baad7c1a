// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.ExitCode;
import io.varve.cli.Terminal;
import io.varve.cli.text.ByteSize;
import io.varve.cli.text.Json;
import io.varve.cli.text.ProgressLine;
import io.varve.cli.text.Table;
import io.varve.engine.Varve;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;

/// One run of one verb: its terminal, the common options, and the engine once a verb asks for it.
/// For one thread; progress may come from any.
final class Session implements AutoCloseable {
  private static final DateTimeFormatter MINUTES = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm");

  private final Root root;
  private final Terminal terminal;
  private @Nullable Varve varve;
  private @Nullable ProgressLine progress;
  private String progressPhase = "";
  private int exitCode = ExitCode.OK;

  private Session(Root root) {
    this.root = root;
    this.terminal = root.terminal();
  }

  static Session of(CommandSpec spec) {
    return new Session((Root) spec.root().userObject());
  }

  Terminal terminal() {
    return terminal;
  }

  /// The engine on the catalog that the options name; opened at the first call.
  Varve varve() {
    Varve open = varve;
    if (open == null) {
      open = EngineStart.open(root.home, terminal, this::progress);
      varve = open;
    }
    return open;
  }

  /// Shows how far long work is, where progress is shown at all.
  synchronized void progress(String phase, long done, long total) {
    boolean shown = root.progress != null ? root.progress : terminal.tty().err() && !root.json;
    if (!shown) {
      return;
    }
    if (progress == null || !phase.equals(progressPhase)) {
      endProgress();
      progress = new ProgressLine(terminal.err(), phase);
      progressPhase = phase;
    }
    progress.show(done, total);
  }

  private synchronized void endProgress() {
    if (progress != null) {
      progress.close();
      progress = null;
    }
  }

  Root options() {
    return root;
  }

  int exitCode() {
    return exitCode;
  }

  /// The verb did its work and its answer is also a code.
  void exitWith(int code) {
    exitCode = code;
  }

  boolean json() {
    return root.json;
  }

  /// Prints the answer: `json` where JSON was asked for, else the lines.
  void answer(Object json, List<String> lines) {
    endProgress();
    if (root.json) {
      terminal.out().println(Json.of(json));
    } else {
      lines.forEach(terminal.out()::println);
    }
  }

  /// Prints further lines of the answer; JSON has them already.
  void also(List<String> lines) {
    if (!root.json) {
      lines.forEach(terminal.out()::println);
    }
  }

  void answer(Object json, String... lines) {
    answer(json, List.of(lines));
  }

  /// Prints a list; `none` says in a sentence that it is empty, to people only.
  void answer(Object json, Table table, String none) {
    if (root.json || root.script) {
      answer(json, table.forScripts());
    } else {
      answer(json, table.isEmpty() ? List.of(none) : table.forPeople(""));
    }
  }

  boolean script() {
    return root.script;
  }

  String size(long bytes) {
    return ByteSize.show(bytes, root.exact);
  }

  String time(Instant time) {
    return root.exact ? time.toString() : MINUTES.format(time.atZone(ZoneId.systemDefault()));
  }

  boolean unicode() {
    return terminal.unicode() && !root.ascii;
  }

  /// Returns true to go on; false after the user declined, and then the verb ends with code 1.
  boolean confirmed(String what) throws IOException {
    if (Confirmation.given(terminal, root.yes, what)) {
      return true;
    }
    exitCode = ExitCode.ERROR;
    terminal.err().println("varve: left as it was");
    return false;
  }

  /// Says something that is not the answer.
  void note(String line) {
    if (!root.json) {
      terminal.flush();
      terminal.err().println(line);
    }
  }

  @Override
  public void close() {
    endProgress();
    if (varve != null) {
      varve.close();
    }
    terminal.flush();
  }
}
