// SPDX-License-Identifier: Apache-2.0
package io.varve.img.args;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An option string such as `size=1G,compat=1.1`. A comma inside a value is written twice. A key
/// without a value is a switch: `key` means `key=on`, `nokey` means `key=off`.
public final class KeyValues {
  /// One `key=value`.
  ///
  /// @param shortForm the word that stood there alone, null where a value was given
  public record Entry(String key, String value, @Nullable String shortForm) {}

  private final List<Entry> entries;

  private KeyValues(List<Entry> entries) {
    this.entries = entries;
  }

  /// Reads an option string.
  ///
  /// @param impliedKey the key of a first value that stands without one, null where there is none
  public static KeyValues parse(String text, @Nullable String impliedKey) {
    List<Entry> entries = new ArrayList<>();
    int at = 0;
    boolean first = true;
    while (at < text.length()) {
      int equals = keyEnd(text, at);
      String key;
      String value;
      String shortForm = null;
      StringBuilder out = new StringBuilder();
      if (equals < text.length() && text.charAt(equals) == '=') {
        key = text.substring(at, equals);
        at = value(text, equals + 1, out);
        value = out.toString();
      } else {
        at = value(text, at, out);
        String word = out.toString();
        shortForm = word;
        if (first && impliedKey != null) {
          key = impliedKey;
          value = word;
          shortForm = null;
        } else if (word.startsWith("no")) {
          key = word.substring(2);
          value = "off";
        } else {
          key = word;
          value = "on";
        }
      }
      entries.add(new Entry(key, value, shortForm));
      first = false;
    }
    return new KeyValues(entries);
  }

  /// Where the key that begins at `from` ends: at an equals sign or a comma.
  private static int keyEnd(String text, int from) {
    int at = from;
    while (at < text.length() && text.charAt(at) != '=' && text.charAt(at) != ',') {
      at++;
    }
    return at;
  }

  /// Appends the value that begins at `from`; returns where the next key begins.
  private static int value(String text, int from, StringBuilder out) {
    int at = from;
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c == ',') {
        if (at == text.length() || text.charAt(at) != ',') {
          return at;
        }
        at++;
      }
      out.append(c);
    }
    return at;
  }

  /// All of them, in order.
  public List<Entry> entries() {
    return entries;
  }

  /// The value of that key, the last one where it is given several times; null where it is not.
  public @Nullable String get(String key) {
    for (int i = entries.size() - 1; i >= 0; i--) {
      if (entries.get(i).key().equals(key)) {
        return entries.get(i).value();
      }
    }
    return null;
  }
}
