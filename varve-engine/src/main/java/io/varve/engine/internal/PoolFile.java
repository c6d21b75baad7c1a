// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DamagedException;
import io.varve.engine.ProblemCode;
import io.varve.image.storage.Directories;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `varve-pool.json`: what makes a folder a pool on virtual storage.
///
/// ```json
/// {
///   "varve-pool": 1,
///   "kind": "virtual",
///   "id": "0b0e0f6e-…",
///   "name": "main"
/// }
/// ```
///
/// One flat object whose values are strings without escapes, or whole numbers; written only here.
///
/// @param id of the pool; it stays when the folder moves
/// @param name that it had when it was made
record PoolFile(UUID id, String name) {
  static final String FILE_NAME = "varve-pool.json";
  private static final String VERSION_KEY = "varve-pool";
  private static final int VERSION = 1;
  private static final String KIND = "virtual";
  private static final int LONGEST = 4096;
  private static final Pattern FIELD =
      Pattern.compile("\\s*\"([a-z-]+)\"\\s*:\\s*(?:\"([^\"\\\\]*)\"|(\\d{1,9}))\\s*");

  void write(Path folder) throws IOException {
    String text =
        "{\n  \"%s\": %d,\n  \"kind\": \"%s\",\n  \"id\": \"%s\",\n  \"name\": \"%s\"\n}\n"
            .formatted(VERSION_KEY, VERSION, KIND, id, name);
    Path temporary = folder.resolve(FILE_NAME + ".new");
    try (FileChannel channel =
        FileChannel.open(
            temporary,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Directories.replace(temporary, folder.resolve(FILE_NAME));
  }

  static boolean isIn(Path folder) {
    return Files.isRegularFile(folder.resolve(FILE_NAME));
  }

  /// @throws DamagedException if it is not such a file
  static PoolFile read(Path folder) throws IOException {
    Path file = folder.resolve(FILE_NAME);
    if (Files.size(file) > LONGEST) {
      throw damaged(file, "it is too long");
    }
    Map<String, String> fields = parse(file, Files.readString(file));
    String version = fields.get(VERSION_KEY);
    if (!String.valueOf(VERSION).equals(version)) {
      throw damaged(file, "its version is " + version + ", expected " + VERSION);
    }
    if (!KIND.equals(fields.get("kind"))) {
      throw damaged(file, "its kind is " + fields.get("kind") + ", expected " + KIND);
    }
    String id = fields.get("id");
    String name = fields.get("name");
    if (id == null || name == null) {
      throw damaged(file, "id or name is missing");
    }
    try {
      return new PoolFile(UUID.fromString(id), name);
    } catch (IllegalArgumentException _) {
      throw damaged(file, "its id is not a UUID");
    }
  }

  private static Map<String, String> parse(Path file, String text) {
    String body = text.strip();
    if (!body.startsWith("{") || !body.endsWith("}") || body.length() < 2) {
      throw damaged(file, "it is not a JSON object");
    }
    Map<String, String> fields = new HashMap<>();
    for (String part : body.substring(1, body.length() - 1).split(",", -1)) {
      Matcher field = FIELD.matcher(part);
      if (!field.matches()) {
        throw damaged(file, "expected a field with a string or a number, found " + part.strip());
      }
      fields.put(field.group(1), field.group(2) != null ? field.group(2) : field.group(3));
    }
    return fields;
  }

  private static DamagedException damaged(Path file, String why) {
    return new DamagedException(
        ProblemCode.FOREIGN_FILE,
        file + " does not describe a pool of this version: " + why,
        "Restore the file, or use the Varve that wrote it.");
  }
}
