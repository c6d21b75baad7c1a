// SPDX-License-Identifier: Apache-2.0
package io.varve.img.args;

import io.varve.img.ImgException;

/// Looks a JSON text over for characters that no token has, before it is read for its sense: QEMU
/// reports what its lexer stumbles on before anything its parser has to say, wherever it stands.
final class JsonLexer {
  private final String text;
  private int at;

  private JsonLexer(String text) {
    this.text = text;
  }

  /// Throws on the first thing in `text` that is not a token.
  static void check(String text) throws ImgException {
    JsonLexer lexer = new JsonLexer(text);
    while (lexer.at < text.length()) {
      lexer.token();
    }
  }

  private void token() throws ImgException {
    int from = at;
    char c = text.charAt(at++);
    if (c == '"' || c == '\'') {
      string(from, c);
    } else if (c == '-' || isDigit(c)) {
      number(from);
    } else if (isLetter(c)) {
      while (isLetter(next())) {
        at++;
      }
    } else if (" \t\r\n{}[],:".indexOf(c) < 0) {
      throw stray(from);
    }
  }

  private void string(int from, char quote) throws ImgException {
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c == quote) {
        return;
      }
      if (c == '\\') {
        at++;
      } else if (c < ' ') {
        throw stray(from);
      }
    }
    at = text.length();
    throw stray(from);
  }

  /// RFC 8259, section 6: no leading zero, digits after a point and after an exponent.
  private void number(int from) throws ImgException {
    at = from;
    if (next() == '-') {
      at++;
    }
    if (next() == '0') {
      at++;
      if (isDigit(next())) {
        throw strayWithNext(from);
      }
    } else {
      digits(from);
    }
    if (next() == '.') {
      at++;
      digits(from);
    }
    if (next() == 'e' || next() == 'E') {
      at++;
      if (next() == '+' || next() == '-') {
        at++;
      }
      digits(from);
    }
  }

  private void digits(int from) throws ImgException {
    if (!isDigit(next())) {
      throw strayWithNext(from);
    }
    while (isDigit(next())) {
      at++;
    }
  }

  /// The next character, NUL at the end.
  private char next() {
    return at < text.length() ? text.charAt(at) : 0;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isLetter(char c) {
    return c >= 'a' && c <= 'z';
  }

  private ImgException strayWithNext(int from) {
    at = Math.min(at + 1, text.length());
    return stray(from);
  }

  private ImgException stray(int from) {
    return new ImgException("JSON parse error, stray '" + text.substring(from, at) + "'");
  }
}
