// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.img.args.DictOrder;
import io.varve.img.text.JsonWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How QEMU shows what was opened: as a file name where opening that name would give the same, else
/// as `json:` with all that matters.
final class NodeName {
  private final @Nullable String exact;
  private final boolean protocol;
  private final Map<String, Object> options = new LinkedHashMap<>();

  private NodeName(@Nullable String exact, boolean protocol) {
    this.exact = exact;
    this.protocol = protocol;
  }

  /// A file on this machine.
  static NodeName ofFile(String driver, String fileName) {
    NodeName name = new NodeName(fileName, true);
    name.options.put("driver", driver);
    name.options.put("filename", fileName);
    return name;
  }

  /// An image in what `file` names.
  ///
  /// @param telling options that change what is read, with their values as given
  /// @param backing another backing file than the image itself names; null for what it names
  static NodeName ofFormat(
      String driver, NodeName file, Map<String, String> telling, @Nullable NodeName backing) {
    boolean same = telling.isEmpty() && backing == null && file.protocol;
    NodeName name = new NodeName(same ? file.exact : null, false);
    name.options.putAll(telling);
    name.options.put("driver", driver);
    name.options.put("file", file);
    if (backing != null) {
      name.options.put("backing", backing);
    }
    return name;
  }

  /// The name of a node that has no backing file, though its image names one.
  static NodeName withoutBacking(String driver, NodeName file, Map<String, String> telling) {
    NodeName name = new NodeName(null, false);
    name.options.putAll(telling);
    name.options.put("driver", driver);
    name.options.put("file", file);
    name.options.put("backing", "");
    return name;
  }

  /// The name of a node that its options alone describe.
  static NodeName ofOptions(String driver, Map<String, Object> options) {
    NodeName name = new NodeName(null, true);
    name.options.putAll(options);
    name.options.put("driver", driver);
    return name;
  }

  /// The name of rules before a file.
  ///
  /// @param options as given, without those of the file
  /// @param config the file that the rules are in, null where there is none
  static NodeName ofDebug(Map<String, Object> options, @Nullable String config, NodeName image) {
    boolean plain = image.exact != null && options.size() == (config == null ? 0 : 1);
    String exact = plain ? "blkdebug:" + (config == null ? "" : config) + ":" + image.exact : null;
    NodeName name = new NodeName(exact, true);
    // As QEMU has it: of two keys in one place the later one comes first.
    List<Map.Entry<String, Object>> given = List.copyOf(options.entrySet());
    for (Map.Entry<String, Object> option : given.reversed()) {
      name.options.put(option.getKey(), option.getValue());
    }
    name.options.put("driver", "blkdebug");
    name.options.put("image", image);
    return name;
  }

  String text() {
    if (exact != null) {
      return exact;
    }
    JsonWriter json = new JsonWriter(false);
    write(json);
    return "json:" + json.text();
  }

  private void write(JsonWriter json) {
    json.beginObject();
    for (String key : DictOrder.sorted(options.keySet())) {
      Object value = options.get(key);
      json.key(key);
      if (value instanceof NodeName child) {
        child.write(json);
      } else if (key.equals("backing")) {
        json.nothing();
      } else if (value instanceof Long number) {
        json.value(number);
      } else if (value instanceof Boolean truth) {
        json.value(truth);
      } else {
        json.value(String.valueOf(value));
      }
    }
    json.endObject();
  }
}
