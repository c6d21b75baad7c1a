// SPDX-License-Identifier: Apache-2.0
package io.varve.img.parity;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/// What one step gave, with all that may rightly differ between two runs taken out: the folder's
/// name, clock times, speeds, and the space that the host spends on a file.
///
/// @param out standard output
/// @param err standard error
record Outcome(int exit, String out, String err) {
  private record Rule(Pattern pattern, String with) {
    static Rule of(String pattern, String with) {
      return new Rule(Pattern.compile(pattern), with);
    }
  }

  private static final Rule[] RULES = {
    Rule.of("disk size: [^\n]*", "disk size: X"),
    Rule.of("\"actual-size\": \\d+", "\"actual-size\": X"),
    Rule.of("\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d", "DATE"),
    Rule.of("\"date-(n?sec)\": \\d+", "\"date-$1\": X"),
    Rule.of("\"?uuid\"?: \"?[0-9a-f-]{36}\"?", "uuid: X"),
    Rule.of("(master key iters|iters|master-key-iters\"|iters\"): \\d+", "$1: X"),
    Rule.of("(\\d+) ops; \\d[0-9:.]* ?(sec)? \\([^)]*/sec and [^)]* ops/sec\\)", "$1 ops; TIME"),
    Rule.of("( |\")cid(\"?): \\d+", "$1cid$2: X"),
    Rule.of("#block\\d+", "#blockN"),
    Rule.of("Run completed in [0-9.]+ seconds", "Run completed in X seconds"),
  };

  Outcome normalised(Path folder) {
    return new Outcome(exit, normal(out, folder), normal(err, folder));
  }

  private static String normal(String text, Path folder) {
    String result = text.replace(folder.toString(), "FOLDER");
    for (Rule rule : RULES) {
      result = rule.pattern.matcher(result).replaceAll(rule.with);
    }
    return result;
  }

  private Outcome withoutLengths() {
    String text =
        out.replaceAll("file length: [^\n]*", "file length: X")
            .replaceAll("(?m)^ {16}(?: {4})?\"virtual-size\": \\d+", "virtual-size: X")
            .replaceAll("(\"?image-end-offset\"?|Image end offset): \\d+", "$1: X");
    return new Outcome(exit, text, err);
  }

  /// True if a script's reader could not tell the two apart, as far as `compared` goes.
  boolean same(Outcome other, Script.Compared compared) {
    return switch (compared) {
      case ALL -> equals(other);
      case CONTENT -> withoutLengths().equals(other.withoutLengths());
      case OUTPUT ->
          exit == other.exit && out.equals(other.out) && err.isEmpty() == other.err.isEmpty();
      case EXIT -> exit == other.exit;
    };
  }

  /// The lines from shortly before the first one that `other` has not alike; at most a screen.
  String from(Outcome other) {
    List<String> mine = lines();
    List<String> theirs = other.lines();
    int first = 0;
    while (first < mine.size()
        && first < theirs.size()
        && mine.get(first).equals(theirs.get(first))) {
      first++;
    }
    int begin = Math.max(0, first - 2);
    int end = Math.min(mine.size(), first + 8);
    return "exit " + exit + "\n" + String.join("\n", mine.subList(begin, end)) + "\n";
  }

  private List<String> lines() {
    String all = err.isEmpty() ? out : out + "err: " + err;
    return all.lines().map(line -> line.length() < 400 ? line : line.substring(0, 400)).toList();
  }
}
