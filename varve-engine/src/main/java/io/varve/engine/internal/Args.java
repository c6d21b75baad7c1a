// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What an intent says, as text for the journal: one `key=value` a line, values percent-encoded.
final class Args {
  private final Map<String, String> values = new LinkedHashMap<>();

  static Args decode(String text) {
    Args args = new Args();
    for (String line : text.split("\n")) {
      int equals = line.indexOf('=');
      if (equals > 0) {
        String value = URLDecoder.decode(line.substring(equals + 1), StandardCharsets.UTF_8);
        args.values.put(line.substring(0, equals), value);
      }
    }
    return args;
  }

  String encode() {
    StringBuilder text = new StringBuilder();
    values.forEach((key, value) ->
        text.append(key)
            .append('=')
            .append(URLEncoder.encode(value, StandardCharsets.UTF_8))
            .append('\n'));
    return text.toString();
  }

  /// Adds a value; null adds nothing.
  Args with(String key, @Nullable Object value) {
    if (value != null) {
      values.put(key, value.toString());
    }
    return this;
  }

  /// Adds a list of values that contain no blank.
  Args withList(String key, List<?> list) {
    return with(key, String.join(" ", list.stream().map(Object::toString).toList()));
  }

  String text(String key) {
    String value = values.get(key);
    if (value == null) {
      throw new IllegalStateException("the journal names no " + key + ": " + values);
    }
    return value;
  }

  @Nullable String textOrNull(String key) {
    return values.get(key);
  }

  UUID id(String key) {
    return UUID.fromString(text(key));
  }

  @Nullable UUID idOrNull(String key) {
    String value = values.get(key);
    return value == null ? null : UUID.fromString(value);
  }

  long number(String key) {
    return Long.parseLong(text(key));
  }

  boolean flag(String key) {
    return Boolean.parseBoolean(values.get(key));
  }

  List<String> list(String key) {
    String value = text(key);
    return value.isEmpty() ? List.of() : List.of(value.split(" "));
  }
}
