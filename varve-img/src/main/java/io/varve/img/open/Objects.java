// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.img.ImgException;
import io.varve.img.args.KeyValues;
import java.io.IOException;
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
  /// and `format=base64` where it is given that way.
  public void add(String text) throws ImgException, IOException {
    KeyValues options = KeyValues.parse(text, "qom-type");
    String type = options.get("qom-type");
    String id = options.get("id");
    if (!"secret".equals(type)) {
      throw new ImgException("Parameter 'qom-type' does not accept value '" + type + "'");
    }
    if (id == null) {
      throw new ImgException("Parameter 'id' is missing");
    }
    if (secrets.containsKey(id)) {
      throw new ImgException(
          "attempt to add duplicate property '" + id + "' to object (type 'container')");
    }
    secrets.put(id, secret(options));
  }

  /// Makes several objects, in order.
  public void addAll(Iterable<String> texts) throws ImgException, IOException {
    for (String text : texts) {
      add(text);
    }
  }

  private byte[] secret(KeyValues options) throws ImgException, IOException {
    String data = options.get("data");
    String file = options.get("file");
    if (data != null && file != null) {
      throw new ImgException("'file' and 'data' are mutually exclusive");
    }
    byte[] bytes;
    if (data != null) {
      bytes = data.getBytes(StandardCharsets.UTF_8);
    } else if (file != null) {
      bytes = read(file);
    } else {
      throw new ImgException("Must provide 'file' or 'data'");
    }
    String format = options.get("format");
    if (format == null || format.equals("raw")) {
      return bytes;
    }
    if (!format.equals("base64")) {
      throw new ImgException("Invalid parameter '" + format + "'");
    }
    try {
      return Base64.getMimeDecoder().decode(bytes);
    } catch (IllegalArgumentException _) {
      throw new ImgException("Base64 data '<secret>' is not valid");
    }
  }

  private byte[] read(String file) throws ImgException, IOException {
    Path path = directory.resolve(file);
    try (var in = Files.newInputStream(path)) {
      return in.readNBytes(MAX_SECRET);
    } catch (IOException e) {
      throw new ImgException("Unable to read " + file + ": " + Failures.reason(e));
    }
  }

  /// The secret of that id, null where there is none.
  public byte @Nullable [] secret(String id) {
    byte[] bytes = secrets.get(id);
    return bytes == null ? null : bytes.clone();
  }
}
