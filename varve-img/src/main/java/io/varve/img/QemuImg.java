// SPDX-License-Identifier: Apache-2.0
package io.varve.img;

import io.varve.img.command.Command;
import io.varve.img.command.Commands;
import io.varve.img.open.Failures;
import io.varve.img.text.HelpText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// The program `qemu-img`: finds the command and turns every failure into words and an exit code.
public final class QemuImg {
  private QemuImg() {}

  /// Runs one command and ends the process with its exit code. The property `varve.name` has the
  /// name that messages begin with.
  public static void main(String[] arguments) {
    int exit = run(Console.system(System.getProperty("varve.name", "qemu-img")), arguments);
    end(exit);
  }

  static void end(int exit) {
    StartNotes.dropIfStale();
    // All is written; nothing waits for a hook.
    Runtime.getRuntime().halt(exit);
  }

  /// Runs one command and returns its exit code. Nothing is thrown.
  public static int run(Console console, String... arguments) {
    int exit = guarded(console, () -> dispatch(console, arguments));
    return console.finish() || exit != 0 ? exit : 1;
  }

  /// A program, but for the words of its failures.
  interface Run {
    int run() throws ImgException, IOException;
  }

  /// Turns every failure into words and an exit code.
  static int guarded(Console console, Run run) {
    try {
      return run.run();
    } catch (ImgException e) {
      report(console, e);
      return e.exit();
    } catch (IOException e) {
      console.error(Failures.words(e));
    } catch (OutOfMemoryError e) {
      console.error("out of memory: " + e.getMessage());
    } catch (RuntimeException | StackOverflowError | LinkageError e) {
      console.error(internal(e));
    }
    return 1;
  }

  private static int dispatch(Console console, String[] arguments)
      throws ImgException, IOException {
    int at = 0;
    while (at < arguments.length && arguments[at].startsWith("-")) {
      switch (arguments[at]) {
        case "-h", "--help", "--hel", "--he", "--h" -> {
          HelpText.print(console);
          return 0;
        }
        case "-V", "--version", "--versio", "--versi", "--vers", "--ver", "--ve", "--v" -> {
          HelpText.version(console);
          return 0;
        }
        default -> at = standardOption(console, arguments, at);
      }
    }
    if (at >= arguments.length) {
      throw usage(console, "Not enough arguments");
    }
    Command command = Commands.find(arguments[at]);
    if (command == null) {
      throw usage(console, "Command not found: " + arguments[at]);
    }
    List<String> rest = new ArrayList<>(arguments.length);
    for (int i = at + 1; i < arguments.length; i++) {
      rest.add(arguments[i]);
    }
    return command.run(console, rest);
  }

  /// Tracing is accepted and does nothing. Returns the place of the next argument.
  private static int standardOption(Console console, String[] arguments, int at)
      throws ImgException {
    String option = arguments[at];
    if (option.startsWith("--trace=") || (option.startsWith("-T") && option.length() > 2)) {
      return at + 1;
    }
    if (option.equals("-T") || option.equals("--trace")) {
      if (at + 1 == arguments.length) {
        throw usage(console, "missing argument for option '" + option + "'");
      }
      return at + 2;
    }
    throw usage(console, "unrecognized option '" + option + "'");
  }

  /// A wrong use of the program, with the line that says where help is.
  public static ImgException usage(Console console, String message) {
    return new ImgException(message)
        .withHint("Try '" + console.program() + " --help' for more information");
  }

  static void report(Console console, ImgException e) {
    console.error(e.text());
    for (String message : e.messages()) {
      console.error(message);
    }
    for (String hint : e.hints()) {
      console.line(hint);
    }
  }

  /// An error of the program itself: said in one line, and where it happened for whoever mends it.
  private static String internal(Throwable e) {
    StackTraceElement[] stack = e.getStackTrace();
    String where = stack.length == 0 ? "" : " (" + stack[0] + ")";
    return "internal error: " + e + where;
  }
}
