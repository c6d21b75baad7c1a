// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.img.Console;
import io.varve.img.ImgException;
import java.util.List;

/// `create`.
final class CreateCommand implements Command {
  @Override
  public int run(Console console, List<String> args) throws ImgException {
    throw new ImgException("create is not supported by Varve yet");
  }
}
