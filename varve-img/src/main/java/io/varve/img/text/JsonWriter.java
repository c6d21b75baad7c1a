// SPDX-License-Identifier: Apache-2.0
package io.varve.img.text;

/// Writes JSON in QEMU's layout: four spaces a level, a key and its value on a line, keys in the
/// order they are given. The whole ends with a line's end.
///
/// ```java
/// JsonWriter json = new JsonWriter();
/// json.beginObject();
/// json.field("virtual-size", 65536);
/// json.key("children");
/// json.beginArray();
/// json.endArray();
/// json.endObject();
/// console.out().print(json.text());
/// ```
public final class JsonWriter {
  private static final String HEX = "0123456789ABCDEF";

  private final StringBuilder out = new StringBuilder();
  private final boolean pretty;
  private int depth;
  private boolean first = true;
  private boolean afterKey;

  /// In QEMU's pretty layout.
  public JsonWriter() {
    this(true);
  }

  /// @param pretty false for one line, with a space after each comma and colon
  public JsonWriter(boolean pretty) {
    this.pretty = pretty;
  }

  public void beginObject() {
    open('{');
  }

  public void endObject() {
    close('}');
  }

  public void beginArray() {
    open('[');
  }

  public void endArray() {
    close(']');
  }

  /// The name of what comes next.
  public void key(String name) {
    separate();
    quote(name);
    out.append(": ");
    afterKey = true;
  }

  public void field(String name, String value) {
    key(name);
    value(value);
  }

  public void field(String name, long value) {
    key(name);
    value(value);
  }

  public void field(String name, boolean value) {
    key(name);
    value(value);
  }

  public void value(String text) {
    separate();
    quote(text);
  }

  public void value(long number) {
    separate();
    out.append(number);
  }

  public void value(boolean truth) {
    separate();
    out.append(truth);
  }

  /// Writes `null`.
  public void nothing() {
    separate();
    out.append("null");
  }

  /// What was written, with a line's end in the pretty layout.
  public String text() {
    return pretty ? out + "\n" : out.toString();
  }

  private void open(char bracket) {
    separate();
    out.append(bracket);
    depth++;
    first = true;
  }

  private void close(char bracket) {
    depth--;
    if (pretty) {
      newLine();
    }
    first = false;
    out.append(bracket);
  }

  private void separate() {
    if (afterKey) {
      afterKey = false;
      return;
    }
    if (depth > 0) {
      if (!first) {
        out.append(pretty ? "," : ", ");
      }
      if (pretty) {
        newLine();
      }
    }
    first = false;
  }

  private void newLine() {
    out.append('\n');
    for (int i = 0; i < depth; i++) {
      out.append("    ");
    }
  }

  private void quote(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c < 0x20 || c >= 0x7f) {
            unicode(c);
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  private void unicode(char c) {
    out.append("\\u");
    for (int shift = 12; shift >= 0; shift -= 4) {
      out.append(HEX.charAt(c >>> shift & 15));
    }
  }
}
