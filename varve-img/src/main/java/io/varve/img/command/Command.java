// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.img.Console;
import io.varve.img.ImgException;
import java.io.IOException;
import java.util.List;

/// One command of `qemu-img`. An instance serves one run.
public interface Command {
  /// Runs it and returns the exit code.
  ///
  /// @param args what follows the command's name
  /// @throws ImgException to end with a message in QEMU's words
  /// @throws IOException from the library; the caller finds words for it
  int run(Console console, List<String> args) throws ImgException, IOException;
}
