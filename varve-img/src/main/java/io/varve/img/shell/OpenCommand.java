// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.img.ImgException;
import java.util.List;

/// `open`: another image.
final class OpenCommand extends ShellCommand {
  OpenCommand() {
    super(
        "open",
        1,
        ANY,
        Needs.NOTHING,
        "[-rsCnkU] [-t cache] [-d discard] [-o options] [path]",
        "open the file specified by path");
  }

  @Override
  String help() {
    return HelpTexts.OPEN;
  }

  @Override
  boolean run(Session session, List<String> words) throws ImgException {
    OpenOptions open = new OpenOptions();
    boolean hasOptions = false;
    CLikeOptions options = options(session, words, "snCro:ki:t:d:U");
    for (int c = options.next(); c != CLikeOptions.END; c = options.next()) {
      boolean takesValue = c == 'o' || c == 'i' || c == 't' || c == 'd';
      String value = takesValue ? options.argument() : "";
      if (c == 'o') {
        if (session.imageOpts()) {
          session.out().print("--image-opts and 'open -o' are mutually exclusive\n");
          return false;
        }
        hasOptions = true;
        open.add(session.console(), value);
      } else if (c == CLikeOptions.BAD || !open.take(c, value)) {
        return misused(session);
      }
    }
    List<String> operands = options.operands();
    if (session.imageOpts() && operands.size() == 1) {
      open.add(session.console(), operands.getFirst());
      session.open(open.request(null));
    } else if (operands.size() == 1) {
      session.open(open.request(operands.getFirst()));
    } else if (operands.isEmpty()) {
      requireSomething(hasOptions);
      session.open(open.request(null));
    } else {
      return misused(session);
    }
    return true;
  }

  private static void requireSomething(boolean hasOptions) throws ImgException {
    if (!hasOptions) {
      throw new ImgException("can't open: Must specify either driver or file");
    }
  }
}
