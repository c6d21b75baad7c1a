// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.image.Preallocation;
import io.varve.img.ImgException;
import java.io.IOException;
import java.util.List;

/// `truncate`: another size of the disk.
final class TruncateCommand extends ShellCommand {
  TruncateCommand() {
    super(
        "truncate",
        1,
        3,
        Needs.WRITABLE_IMAGE,
        "[-m prealloc_mode] off",
        "truncates the current file at the given offset");
  }

  @Override
  boolean run(Session session, List<String> words) throws ImgException, IOException {
    Preallocation ahead = Preallocation.OFF;
    CLikeOptions options = options(session, words, "m:");
    for (int c = options.next(); c != CLikeOptions.END; c = options.next()) {
      if (c != 'm') {
        return misused(session);
      }
      ahead =
          switch (options.argument()) {
            case "off" -> Preallocation.OFF;
            case "metadata" -> Preallocation.METADATA;
            case "falloc" -> Preallocation.FALLOC;
            case "full" -> Preallocation.FULL;
            default ->
                throw new ImgException("Invalid preallocation mode '" + options.argument() + "'");
          };
    }
    if (options.operands().isEmpty()) {
      return misused(session);
    }
    long size = Numbers.size(session.out(), options.operands().getFirst());
    if (size < 0) {
      return false;
    }
    session.pending().reportAll();
    session.device().resize(size, ahead);
    return true;
  }
}
