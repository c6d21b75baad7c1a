// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.text;

import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// JSON text of records, maps and lists: indented, times as ISO 8601 in UTC. Kept in a class of its
/// own so that commands that print no JSON never load the library.
public final class Json {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private Json() {}

  public static String of(Object value) {
    return MAPPER.writeValueAsString(value);
  }
}
