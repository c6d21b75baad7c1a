// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.img.ImgException;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One command of the shell. Its usage line is what scripts see when they call it wrong.
abstract class ShellCommand {
  /// No upper bound of arguments.
  static final int ANY = -1;

  /// What a command asks of the image.
  enum Needs {
    NOTHING,
    IMAGE,
    WRITABLE_IMAGE
  }

  private final String name;
  private final int least;
  private final int most;
  private final Needs needs;
  private final String arguments;
  private final String summary;

  /// @param least fewest arguments, `most` the largest number or [#ANY]
  /// @param arguments for the usage line, empty where there are none
  ShellCommand(String name, int least, int most, Needs needs, String arguments, String summary) {
    this.name = name;
    this.least = least;
    this.most = most;
    this.needs = needs;
    this.arguments = arguments;
    this.summary = summary;
  }

  String name() {
    return name;
  }

  Needs needs() {
    return needs;
  }

  String usage() {
    return name + (arguments.isEmpty() ? "" : " " + arguments) + " -- " + summary + "\n";
  }

  /// More about it, empty where the usage says all.
  String help() {
    return "";
  }

  /// Complains of a wrong number of arguments; null if it is right.
  @Nullable String complaint(String typed, int count) {
    if (count >= least && (most == ANY || count <= most)) {
      return null;
    }
    String expected =
        most == ANY
            ? "at least " + least
            : least == most ? String.valueOf(least) : "between " + least + " and " + most;
    return "bad argument count " + count + " to " + typed + ", expected " + expected + " arguments";
  }

  /// Runs it.
  ///
  /// @param words the command as typed, its name first
  /// @return false if it failed, which it has said
  abstract boolean run(Session session, List<String> words) throws ImgException, IOException;

  /// Its options; a bad one is complained of under the name that was typed.
  static CLikeOptions options(Session session, List<String> words, String shorts) {
    return new CLikeOptions(
        session.console(), words.getFirst(), words.subList(1, words.size()), shorts);
  }

  /// Prints the usage line; the command has failed.
  boolean misused(Session session) {
    session.out().print(usage());
    return false;
  }
}
