// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;

/// The options that every node takes, whatever its driver.
///
/// @param readOnly the node takes no changes
/// @param forceShare it takes no notice of others' locks
/// @param discard a discard reaches the file
record GenericOptions(boolean readOnly, boolean forceShare, boolean discard) {
  static GenericOptions take(OptionTree options) throws ImgException {
    options.take("node-name");
    boolean readOnly = options.takeSwitch("read-only", false);
    options.takeSwitch("auto-read-only", false);
    boolean forceShare = options.takeSwitch("force-share", false);
    options.takeSwitch("cache.direct", false);
    options.takeSwitch("cache.no-flush", false);
    options.takeSwitch("cache.writeback", true);
    String zeroes = options.take("detect-zeroes");
    if (zeroes != null
        && !zeroes.equals("on")
        && !zeroes.equals("off")
        && !zeroes.equals("unmap")) {
      throw new ImgException("invalid parameter value: " + zeroes);
    }
    return new GenericOptions(readOnly, forceShare, takeDiscard(options));
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
