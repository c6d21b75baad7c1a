// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import java.util.regex.Pattern;

/// The rule for names of pools, disks and snapshots: `[A-Za-z0-9][A-Za-z0-9._-]{0,62}`. It keeps
/// names out of trouble as file names, in addresses and in scripts.
public final class Names {
  private static final Pattern RULE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
  private static final int LONGEST_ECHO = 80;
  private static final int LONGEST_TEXT = 255;

  private Names() {}

  public static boolean isValid(String name) {
    return RULE.matcher(name).matches();
  }

  /// The name itself.
  ///
  /// @param what the thing named, for the message: `pool`, `disk`, `snapshot`, `host`
  /// @throws InvalidRequestException if it breaks the rule
  public static String check(String what, String name) {
    if (!isValid(name)) {
      throw new InvalidRequestException(
          ProblemCode.INVALID_NAME,
          what + " name '" + shown(name) + "' is not allowed",
          "Use 1 to 63 letters, digits, '.', '_' or '-', beginning with a letter or a digit.");
    }
    return name;
  }

  /// A line of text for people, which may be empty.
  ///
  /// @throws InvalidRequestException if it is too long, or has control characters
  public static void checkText(String what, String text) {
    if (text.length() > LONGEST_TEXT || text.chars().anyMatch(Character::isISOControl)) {
      throw new InvalidRequestException(
          ProblemCode.INVALID_REQUEST,
          "the " + what + " '" + shown(text) + "' is not allowed",
          "Write one line of up to " + LONGEST_TEXT + " characters.");
    }
  }

  /// Text from a user, fit to be echoed: cut, control characters replaced.
  static String shown(String text) {
    String cut = text.length() > LONGEST_ECHO ? text.substring(0, LONGEST_ECHO) + "..." : text;
    return cut.replaceAll("\\p{Cntrl}", "?");
  }
}
