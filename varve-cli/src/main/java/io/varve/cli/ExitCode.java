// SPDX-License-Identifier: Apache-2.0
package io.varve.cli;

/// What a command leaves behind for scripts.
public final class ExitCode {
  /// Done as asked.
  public static final int OK = 0;

  /// Refused or failed; standard error says why and what to do.
  public static final int ERROR = 1;

  /// Not understood, or a question that nobody was there to answer.
  public static final int USAGE = 2;

  /// `doctor`: what is wrong can be mended by the program.
  public static final int MENDABLE = 3;

  /// `doctor`: something is wrong that only a person can mend.
  public static final int FOR_PEOPLE = 4;

  private ExitCode() {}
}
