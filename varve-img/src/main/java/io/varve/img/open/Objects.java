// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What `--object` made: secrets by their id. Nothing here ever prints one.
public final class Objects {
  private static final int MAX_SECRET = 1 << 20;

  private final Path directory;
  private final Map<String, byte[]> secrets = new HashMap<>();

  Objects(Path directory) {
    this.directory = directory;
  }

  /// Makes the object that `text` describes: `secret,id=sec0,data=…` or `secret,id=sec0,file=…`,
  /// with `format=base64` where it is given that way; the same as a JSON object.
  public void add(String text) throws ImgException, IOException {
    OptionTree options =
        text.startsWith("{") ? OptionTree.ofJson(text) : OptionTree.ofText(text, "qom-type");
    String type = options.take("qom-type");
    String id = options.take("id");
    if (type == null) {
      throw new ImgException("Parameter 'qom-type' is missing");
    }
    if (!type.equals("secret")) {
      throw new ImgException("Parameter 'qom-type' does not accept value '" + type + "'");
    }
    if (id == null) {
      throw new ImgException("Parameter 'id' is missing");
    }
    if (!isIdentifier(id)) {
      throw new ImgException("Parameter 'id' expects an identifier")
          .withHint(
              "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.");
    }
    byte[] secret = secret(options);
    if (secrets.containsKey(id)) {
      throw new ImgException(
          "attempt to add duplicate property '" + id + "' to object (type 'container')");
    }
    secrets.put(id, secret);
  }

  private static boolean isIdentifier(String id) {
    for (int i = 0; i < id.length(); i++) {
      char c = id.charAt(i);
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!letter && (i == 0 || "0123456789-._".indexOf(c) < 0)) {
        return false;
      }
    }
    return !id.isEmpty();
  }

  /// Makes several objects, in order.
  public void addAll(Iterable<String> texts) throws ImgException, IOException {
    for (String text : texts) {
      add(text);
    }
  }

  private byte[] secret(OptionTree options) throws ImgException, IOException {
    String data = options.take("data");
    String file = options.take("file");
    String format = options.take("format");
    if (format != null && !format.equals("raw") && !format.equals("base64")) {
      throw new ImgException("Parameter 'format' does not accept value '" + format + "'");
    }
    if (options.has("keyid") || options.has("iv")) {
      throw new ImgException("secrets encrypted with another secret are not supported by Varve");
    }
    String left = options.firstKey();
    if (left != null) {
      throw new ImgException("Parameter '" + left + "' is unexpected");
    }
    if (data != null && file != null) {
      throw new ImgException("'file' and 'data' are mutually exclusive");
    }
    byte[] bytes;
    if (data != null) {
      bytes = data.getBytes(StandardCharsets.UTF_8);
    } else if (file != null) {
      bytes = read(file);
    } else {
      throw new ImgException("Either 'file' or 'data' must be provided");
    }
    if (!"base64".equals(format)) {
      return bytes;
    }
    try {
      return Base64.getDecoder()
          .decode(new String(bytes, StandardCharsets.ISO_8859_1).replace("\n", ""));
    } catch (IllegalArgumentException _) {
      throw new ImgException("Base64 data contains invalid characters");
    }
  }

  private byte[] read(String file) throws ImgException, IOException {
    Path path = directory.resolve(file);
    try (var in = Files.newInputStream(path)) {
      return in.readNBytes(MAX_SECRET);
    } catch (IOException e) {
      throw new ImgException(
          "Unable to read "
              + file
              + ": Failed to open file \u201c"
              + file
              + "\u201d: "
              + Failures.reason(e));
    }
  }

  /// The secret of that id, null where there is none.
  public byte @Nullable [] secret(String id) {
    byte[] bytes = secrets.get(id);
    return bytes == null ? null : bytes.clone();
  }

  /// Refuses a secret that is not there or not text, as QEMU does with passphrases.
  public void requireText(String id) throws ImgException {
    byte[] bytes = secrets.get(id);
    if (bytes == null) {
      throw new ImgException("No secret with id '" + id + "'");
    }
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
    } catch (CharacterCodingException _) {
      throw new ImgException("Data from secret " + id + " is not valid UTF-8");
    }
  }
}
