// SPDX-License-Identifier: Apache-2.0
package io.varve.img.create;

import io.varve.img.ImgException;
import io.varve.img.args.KeyValues;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The options of one image to be made: those its format knows, with the values that were given.
public final class CreateOptions {
  private final String format;
  private final List<OptionDesc> known;
  private final Map<String, String> values = new HashMap<>();

  CreateOptions(String format, List<OptionDesc> known) {
    this.format = format;
    this.known = known;
  }

  /// What `amend` can change of a qcow2 image.
  public static CreateOptions amendable() {
    return new CreateOptions("qcow2", OptionLists.amendable());
  }

  /// True for an option that only `create` takes of qcow2.
  public static boolean isForCreation(String name) {
    for (OptionDesc option : Objects.requireNonNull(OptionLists.ofFormat("qcow2"))) {
      if (option.name().equals(name)) {
        return true;
      }
    }
    return false;
  }

  /// The format of the image.
  public String format() {
    return format;
  }

  /// Reads an option string and adds what it says; a later value replaces an earlier one.
  ///
  /// @throws ImgException for an option that the format does not know, or a value of the wrong kind
  public void parse(String text) throws ImgException {
    for (KeyValues.Entry entry : KeyValues.parse(text, null).entries()) {
      set(entry.key(), entry.value());
    }
  }

  /// Sets one option.
  public void set(String name, String value) throws ImgException {
    OptionDesc option = find(name);
    if (option == null) {
      throw new ImgException("Invalid parameter '" + name + "'");
    }
    values.put(name, OptionValues.checked(option, value));
  }

  public boolean knows(String name) {
    return find(name) != null;
  }

  /// True if it was given.
  public boolean has(String name) {
    return values.containsKey(name);
  }

  /// The value that was given, or the format's own; sizes and numbers in decimal, switches as `on`
  /// or `off`. Null where there is neither.
  public @Nullable String get(String name) {
    String given = values.get(name);
    if (given != null) {
      return given;
    }
    OptionDesc option = find(name);
    return option == null ? null : option.initial();
  }

  public boolean isOn(String name) {
    return "on".equals(get(name));
  }

  /// A size or number, `otherwise` where it was not given.
  public long number(String name, long otherwise) {
    String value = get(name);
    return value == null ? otherwise : Long.parseLong(value);
  }

  /// Forgets an option.
  public void remove(String name) {
    values.remove(name);
  }

  /// All as text, in the format's order: ` cluster_size=65536 size=1048576`.
  public String line() {
    StringBuilder out = new StringBuilder();
    for (OptionDesc option : known) {
      String given = values.get(option.name());
      String value = given != null ? given : option.initial();
      if (value != null) {
        out.append(' ').append(option.name()).append('=');
        appendEscaped(out, value);
      }
    }
    return out.toString();
  }

  private static void appendEscaped(StringBuilder out, String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      out.append(c);
      if (c == ',') {
        out.append(c);
      }
    }
  }

  private @Nullable OptionDesc find(String name) {
    for (OptionDesc option : known) {
      if (option.name().equals(name)) {
        return option;
      }
    }
    return null;
  }
}
