// SPDX-License-Identifier: Apache-2.0
package io.varve.img.parity;

import io.varve.img.Console;
import io.varve.img.QemuImg;
import io.varve.img.QemuIo;
import io.varve.testkit.ToolRun;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// Who runs a step: the real tool as a process, or ours inside this one.
enum Side {
  REAL {
    @Override
    Outcome run(Script.Step step, Path folder) throws IOException {
      ToolRun run = ToolRun.of(step.words(), folder, step.input());
      return new Outcome(run.exit(), run.out(), run.err());
    }
  },
  OURS {
    @Override
    Outcome run(Script.Step step, Path folder) throws IOException {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ByteArrayOutputStream err = new ByteArrayOutputStream();
      String program = step.words().getFirst();
      byte[] input = step.input().getBytes(StandardCharsets.UTF_8);
      Console console = new Console(program, folder, new ByteArrayInputStream(input), out, err);
      String[] arguments = step.words().subList(1, step.words().size()).toArray(new String[0]);
      int exit =
          program.equals("qemu-io")
              ? QemuIo.run(console, arguments)
              : QemuImg.run(console, arguments);
      return new Outcome(
          exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }
  };

  abstract Outcome run(Script.Step step, Path folder) throws IOException;
}
