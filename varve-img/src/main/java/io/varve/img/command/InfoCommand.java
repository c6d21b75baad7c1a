// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.img.Console;
import io.varve.img.ImgException;
import java.util.List;

/// `info`.
final class InfoCommand implements Command {
  @Override
  public int run(Console console, List<String> args) throws ImgException {
    throw new ImgException("info is not supported by Varve yet");
  }
}
