// SPDX-License-Identifier: Apache-2.0
package io.varve.img.args;

import io.varve.img.ImgException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads one JSON value: as much of JSON as QEMU takes in a `json:` name, single quotes included.
/// Numbers come as `Long` or `Double`, `null` as [OptionTree#NULL]. Nesting and the number of
/// values are bounded.
final class JsonReader {
  private static final int MAX_DEPTH = 64;
  private static final int MAX_VALUES = 10_000;

  private final String text;
  private int at;
  private int values;

  private JsonReader(String text) {
    this.text = text;
  }

  /// The object that `text` is.
  @SuppressWarnings("unchecked")
  static Map<String, Object> object(String text) throws ImgException {
    JsonLexer.check(text);
    JsonReader reader = new JsonReader(text);
    reader.blanks();
    if (reader.at == text.length()) {
      throw new ImgException("Expecting a JSON value");
    }
    Object value = reader.value(0);
    reader.blanks();
    if (reader.at < text.length()) {
      throw new ImgException("Expecting at most one JSON value");
    }
    if (!(value instanceof Map)) {
      throw new ImgException(OptionTree.NO_OBJECT);
    }
    return (Map<String, Object>) value;
  }

  private Object value(int depth) throws ImgException {
    if (depth > MAX_DEPTH || ++values > MAX_VALUES) {
      throw new ImgException("JSON token count limit exceeded");
    }
    char c = peek();
    return switch (c) {
      case '{' -> members(depth);
      case '[' -> elements(depth);
      case '"', '\'' -> string();
      default -> {
        if (c == '-' || (c >= '0' && c <= '9')) {
          yield number();
        }
        yield keyword();
      }
    };
  }

  private Map<String, Object> members(int depth) throws ImgException {
    Map<String, Object> members = new LinkedHashMap<>();
    at++;
    if (peek() == '}') {
      at++;
      return members;
    }
    while (true) {
      if (!(value(depth + 1) instanceof String key)) {
        throw new ImgException("JSON parse error, key is not a string in object");
      }
      expect(':', "missing : in object pair");
      Object value = value(depth + 1);
      if (members.put(key, value) != null) {
        throw new ImgException("JSON parse error, duplicate key");
      }
      if (peek() == '}') {
        at++;
        return members;
      }
      expect(',', "expected separator in dict");
    }
  }

  private List<Object> elements(int depth) throws ImgException {
    List<Object> elements = new ArrayList<>();
    at++;
    if (peek() == ']') {
      at++;
      return elements;
    }
    while (true) {
      elements.add(value(depth + 1));
      if (peek() == ']') {
        at++;
        return elements;
      }
      expect(',', "expected separator in list");
    }
  }

  private String string() throws ImgException {
    char quote = text.charAt(at++);
    StringBuilder out = new StringBuilder();
    while (true) {
      if (at >= text.length()) {
        throw ended();
      }
      char c = text.charAt(at++);
      if (c == quote) {
        return out.toString();
      }
      out.append(c == '\\' ? escape() : c);
    }
  }

  private char escape() throws ImgException {
    if (at >= text.length()) {
      throw ended();
    }
    char c = text.charAt(at++);
    return switch (c) {
      case '"', '\'', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> unicode();
      default -> throw new ImgException("JSON parse error, invalid escape sequence in string");
    };
  }

  private char unicode() throws ImgException {
    int value = 0;
    for (int i = 0; i < 4; i++) {
      int digit = at < text.length() ? Character.digit(text.charAt(at), 16) : -1;
      if (digit < 0) {
        throw new ImgException("JSON parse error, invalid \\u escape");
      }
      value = value << 4 | digit;
      at++;
    }
    return (char) value;
  }

  private Object number() throws ImgException {
    int from = at;
    boolean whole = true;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '.' || c == 'e' || c == 'E' || c == '+') {
        whole = false;
      } else if (c != '-' && (c < '0' || c > '9')) {
        break;
      }
      at++;
    }
    String digits = text.substring(from, at);
    try {
      return whole ? (Object) Long.valueOf(digits) : (Object) Double.valueOf(digits);
    } catch (NumberFormatException _) {
      throw new ImgException("JSON parse error, invalid number '" + digits + "'");
    }
  }

  private Object keyword() throws ImgException {
    int from = at;
    while (at < text.length() && Character.isLetter(text.charAt(at))) {
      at++;
    }
    String word = text.substring(from, at);
    return switch (word) {
      case "true" -> true;
      case "false" -> false;
      case "null" -> OptionTree.NULL;
      case "" ->
          throw ":,]}".indexOf(text.charAt(at)) >= 0
              ? new ImgException("JSON parse error, expecting value")
              : unexpected();
      default -> throw new ImgException("JSON parse error, invalid keyword '" + word + "'");
    };
  }

  private void expect(char wanted, String otherwise) throws ImgException {
    if (peek() != wanted) {
      throw new ImgException("JSON parse error, " + otherwise);
    }
    at++;
  }

  /// The next character that is not blank, which stays where it is.
  private char peek() throws ImgException {
    blanks();
    if (at >= text.length()) {
      throw ended();
    }
    return text.charAt(at);
  }

  private void blanks() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private static ImgException ended() {
    return new ImgException("JSON parse error, premature EOI");
  }

  private ImgException unexpected() {
    return new ImgException("JSON parse error, stray '" + text.charAt(at) + "'");
  }
}
