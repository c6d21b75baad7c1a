// SPDX-License-Identifier: Apache-2.0
package io.varve.img.create;

import org.jspecify.annotations.Nullable;

/// An option of `-o` that a format knows.
///
/// @param initial its value as shown where the user gives none; null where nothing is shown
record OptionDesc(String name, Kind kind, @Nullable String initial, String help) {
  enum Kind {
    TEXT("<str>"),
    SWITCH("<bool (on/off)>"),
    NUMBER("<num>"),
    SIZE("<size>");

    private final String shown;

    Kind(String shown) {
      this.shown = shown;
    }

    /// As the list of options names it.
    String shown() {
      return shown;
    }
  }

  static OptionDesc text(String name, String help) {
    return new OptionDesc(name, Kind.TEXT, null, help);
  }

  static OptionDesc size(String name, String help) {
    return new OptionDesc(name, Kind.SIZE, null, help);
  }

  static OptionDesc flag(String name, String help) {
    return new OptionDesc(name, Kind.SWITCH, null, help);
  }

  OptionDesc initially(String value) {
    return new OptionDesc(name, kind, value, help);
  }
}
