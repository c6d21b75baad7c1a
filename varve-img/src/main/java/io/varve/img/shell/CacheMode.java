// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import org.jspecify.annotations.Nullable;

/// A cache mode by its name.
///
/// @param name as given
/// @param direct the host's page cache is bypassed
/// @param writethrough a write is durable before it is reported
/// @param unsafe nothing is made durable
record CacheMode(String name, boolean direct, boolean writethrough, boolean unsafe) {
  /// What holds where nobody says anything.
  static final CacheMode DEFAULT = new CacheMode("writethrough", false, true, false);

  static final CacheMode NONE = new CacheMode("none", true, false, false);

  /// The mode of that name, null where there is none.
  static @Nullable CacheMode of(String name) {
    return switch (name) {
      case "none", "off" -> new CacheMode(name, true, false, false);
      case "directsync" -> new CacheMode(name, true, true, false);
      case "writeback" -> new CacheMode(name, false, false, false);
      case "writethrough" -> new CacheMode(name, false, true, false);
      case "unsafe" -> new CacheMode(name, false, false, true);
      default -> null;
    };
  }
}
