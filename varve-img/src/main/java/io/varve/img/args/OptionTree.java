// SPDX-License-Identifier: Apache-2.0
package io.varve.img.args;

import io.varve.img.ImgException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Options of an image and of what lies beneath it, as `driver=qcow2,file.filename=a` or
/// `{"driver": "qcow2", "file": {"filename": "a"}}` name them: the same tree, kept flat under
/// dotted keys. Whoever understands an option takes it out; what is left at the end is refused.
public final class OptionTree {
  /// A value that is spelled `null` in JSON.
  public static final Object NULL = new Object();

  /// The complaint about JSON that is no object.
  public static final String NO_OBJECT = "Invalid JSON object given";

  private final Map<String, Object> values = new LinkedHashMap<>();

  /// An empty tree.
  public OptionTree() {}

  /// Reads `a=b,c.d=e`.
  ///
  /// @param impliedKey the key of a first value without one
  public static OptionTree ofText(String text, @Nullable String impliedKey) {
    OptionTree tree = new OptionTree();
    for (KeyValues.Entry entry : KeyValues.parse(text, impliedKey).entries()) {
      tree.values.put(entry.key(), entry.value());
    }
    return tree;
  }

  /// Reads a JSON object.
  ///
  /// @throws ImgException if it is no JSON object
  public static OptionTree ofJson(String text) throws ImgException {
    OptionTree tree = new OptionTree();
    tree.flatten("", JsonReader.object(text));
    return tree;
  }

  private void flatten(String prefix, Map<String, Object> object) {
    for (Map.Entry<String, Object> entry : object.entrySet()) {
      flattenValue(prefix + entry.getKey(), entry.getValue());
    }
  }

  @SuppressWarnings("unchecked")
  private void flattenValue(String key, Object value) {
    if (value instanceof Map<?, ?> map && !map.isEmpty()) {
      flatten(key + ".", (Map<String, Object>) map);
    } else if (value instanceof List<?> list && !list.isEmpty()) {
      for (int i = 0; i < list.size(); i++) {
        flattenValue(key + "." + i, list.get(i));
      }
    } else {
      values.put(key, value);
    }
  }

  /// A tree of its own with the same options.
  public OptionTree copy() {
    OptionTree copy = new OptionTree();
    copy.values.putAll(values);
    return copy;
  }

  /// Sets an option unless it is there.
  public void putIfAbsent(String key, String value) {
    values.putIfAbsent(key, value);
  }

  public void put(String key, String value) {
    values.put(key, value);
  }

  /// Adds what `other` has and this lacks.
  public void join(OptionTree other) {
    for (Map.Entry<String, Object> entry : other.values.entrySet()) {
      values.putIfAbsent(entry.getKey(), entry.getValue());
    }
  }

  public boolean isEmpty() {
    return values.isEmpty();
  }

  public boolean has(String key) {
    return values.containsKey(key);
  }

  /// True if the value is JSON's `null`.
  public boolean isNull(String key) {
    return values.get(key) == NULL;
  }

  /// The value as text, null where it is not there.
  public @Nullable String get(String key) {
    Object value = values.get(key);
    return value == null || value == NULL ? null : text(value);
  }

  /// Takes the option out and answers its value as text, null where it was not there.
  public @Nullable String take(String key) {
    Object value = values.remove(key);
    return value == null || value == NULL ? null : text(value);
  }

  /// Takes out a switch.
  ///
  /// @throws ImgException if its value is neither `on` nor `off`
  public boolean takeSwitch(String key, boolean otherwise) throws ImgException {
    String value = take(key);
    if (value == null) {
      return otherwise;
    }
    return switch (value) {
      case "on", "true", "yes", "y" -> true;
      case "off", "false", "no", "n" -> false;
      default -> throw new ImgException("Parameter '" + key + "' expects 'on' or 'off'");
    };
  }

  /// Takes out all options below `key.`, without that prefix.
  public OptionTree takeBranch(String key) {
    OptionTree branch = new OptionTree();
    String prefix = key + ".";
    values
        .entrySet()
        .removeIf(entry -> {
          if (!entry.getKey().startsWith(prefix)) {
            return false;
          }
          branch.values.put(entry.getKey().substring(prefix.length()), entry.getValue());
          return true;
        });
    return branch;
  }

  /// The first option that nobody took, as QEMU would find it; null where none is left.
  public @Nullable String firstKey() {
    return values.isEmpty() ? null : DictOrder.sorted(values.keySet()).getFirst();
  }

  /// What is left, in order; values are `String`, `Long`, `Double`, `Boolean` or [#NULL].
  public Map<String, Object> entries() {
    return values;
  }

  private static String text(Object value) {
    if (value instanceof Boolean truth) {
      return truth ? "on" : "off";
    }
    return value.toString();
  }
}
