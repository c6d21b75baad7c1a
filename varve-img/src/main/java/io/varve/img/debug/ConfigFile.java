// SPDX-License-Identifier: Apache-2.0
package io.varve.img.debug;

import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;
import java.util.ArrayList;
import java.util.List;

/// The configuration file of `blkdebug`: sections `[inject-error]` and `[set-state]` with lines
/// `key = "value"`; `#` begins a comment.
final class ConfigFile {
  /// One rule.
  record Section(String group, OptionTree options) {}

  private ConfigFile() {}

  static List<Section> parse(List<String> lines) throws ImgException {
    List<Section> sections = new ArrayList<>();
    for (String line : lines) {
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      if (line.startsWith("[") && line.indexOf(']') > 1) {
        sections.add(section(line.substring(1, line.indexOf(']'))));
      } else {
        String text = line.stripLeading();
        if (text.isEmpty()) {
          continue;
        }
        if (sections.isEmpty()) {
          throw new ImgException("no group defined");
        }
        Section section = sections.getLast();
        put(section, text);
      }
    }
    return sections;
  }

  private static Section section(String head) throws ImgException {
    // An id may follow in quotes, and means nothing here.
    int quote = head.indexOf(" \"");
    String group = quote < 0 ? head : head.substring(0, quote);
    if (!group.equals("inject-error") && !group.equals("set-state")) {
      throw new ImgException("There is no option group '" + group + "'");
    }
    return new Section(group, new OptionTree());
  }

  /// What is no `key = "value"` counts as a key with an empty value.
  private static void put(Section section, String text) throws ImgException {
    int end = 0;
    while (end < text.length() && !Character.isWhitespace(text.charAt(end))) {
      end++;
    }
    String key = text.substring(0, end);
    String rest = text.substring(end).strip();
    String value = "";
    if (rest.startsWith("=") && rest.substring(1).strip().startsWith("\"")) {
      String quoted = rest.substring(1).strip().substring(1);
      int close = quoted.indexOf('"');
      value = close < 0 ? quoted + "\n" : quoted.substring(0, close);
    }
    boolean known =
        section.group().equals("set-state")
            ? isAny(key, "event", "state", "new_state")
            : isAny(key, "event", "state", "iotype", "errno", "sector", "once", "immediately");
    if (!known) {
      throw new ImgException("Invalid parameter '" + key + "'");
    }
    section.options().put(key, value);
  }

  private static boolean isAny(String key, String... words) {
    for (String word : words) {
      if (word.equals(key)) {
        return true;
      }
    }
    return false;
  }
}
