// SPDX-License-Identifier: Apache-2.0
package io.varve.img.parity;

import java.util.ArrayList;
import java.util.List;

/// Splits a line of a script into words as a shell does: blanks separate, single and double quotes
/// hold together, a backslash outside of single quotes takes the next character as it is.
final class Words {
  private Words() {}

  static List<String> of(String line) {
    List<String> words = new ArrayList<>();
    StringBuilder word = null;
    char quote = 0;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '\\' && quote != '\'' && i + 1 < line.length()) {
        word = started(word).append(line.charAt(++i));
      } else if (quote != 0) {
        if (c == quote) {
          quote = 0;
        } else {
          word = started(word).append(c);
        }
      } else if (c == '\'' || c == '"') {
        quote = c;
        word = started(word);
      } else if (c == ' ' || c == '\t') {
        if (word != null) {
          words.add(word.toString());
          word = null;
        }
      } else {
        word = started(word).append(c);
      }
    }
    if (quote != 0) {
      throw new IllegalArgumentException("a quote is not closed: " + line);
    }
    if (word != null) {
      words.add(word.toString());
    }
    return words;
  }

  private static StringBuilder started(StringBuilder word) {
    return word == null ? new StringBuilder() : word;
  }
}
