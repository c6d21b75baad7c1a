// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What `qemu-img check` says of an image.
///
/// @param exit 0 clean, 1 the check failed, 2 corrupt, 3 leaks only
/// @param corruptions errors that it counted
/// @param leaks leaked clusters
/// @param text all that it printed
public record QemuCheck(int exit, long corruptions, long leaks, String text) {
  private static final Pattern ERRORS = Pattern.compile("(\\d+) errors were found on the image");
  private static final Pattern LEAKS = Pattern.compile("(\\d+) leaked clusters were found");

  static QemuCheck of(ToolRun run) {
    return new QemuCheck(
        run.exit(), number(ERRORS, run.out()), number(LEAKS, run.out()), run.toString());
  }

  private static long number(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
  }

  /// Fails the test unless the image is without fault and leak.
  public void assertClean() {
    if (exit != 0) {
      throw new AssertionError("expected a clean image: " + text);
    }
  }

  /// Fails the test unless leaks are the worst.
  public void assertLeaksAtMost() {
    if (exit != 0 && exit != 3) {
      throw new AssertionError("expected leaks at most: " + text);
    }
  }
}
