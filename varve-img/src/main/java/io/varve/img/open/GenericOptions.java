// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;
import org.jspecify.annotations.Nullable;

/// The options that every node takes, whatever its driver.
///
/// @param readOnly the node takes no changes
/// @param forceShare it takes no notice of others' locks
/// @param discard a discard reaches the file
record GenericOptions(boolean readOnly, boolean forceShare, boolean discard) {
  static GenericOptions take(OptionTree options) throws ImgException {
    requireWellFormed(options.take("node-name"));
    boolean readOnly = options.takeSwitch("read-only", false);
    options.takeSwitch("auto-read-only", false);
    boolean forceShare = options.takeSwitch("force-share", false);
    options.takeSwitch("cache.direct", false);
    options.takeSwitch("cache.no-flush", false);
    String zeroes = options.take("detect-zeroes");
    if (zeroes != null
        && !zeroes.equals("on")
        && !zeroes.equals("off")
        && !zeroes.equals("unmap")) {
      throw new ImgException("invalid parameter value: " + zeroes);
    }
    return new GenericOptions(readOnly, forceShare, takeDiscard(options));
  }

  private static void requireWellFormed(@Nullable String name) throws ImgException {
    boolean right = name == null || (!name.isEmpty() && isLetter(name.charAt(0)));
    for (int i = 1; right && name != null && i < name.length(); i++) {
      char c = name.charAt(i);
      right = isLetter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    }
    if (!right) {
      throw new ImgException("Invalid node-name: '" + name + "'");
    }
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private static boolean takeDiscard(OptionTree options) throws ImgException {
    String value = options.take("discard");
    if (value == null) {
      return false;
    }
    return switch (value) {
      case "ignore", "off" -> false;
      case "unmap", "on" -> true;
      default -> throw new ImgException("Invalid discard option");
    };
  }
}
