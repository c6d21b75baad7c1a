// SPDX-License-Identifier: Apache-2.0
package io.varve.img;

import io.varve.img.args.LongOption;
import io.varve.img.open.Images;
import io.varve.img.shell.CLikeOptions;
import io.varve.img.shell.LineReader;
import io.varve.img.shell.OpenOptions;
import io.varve.img.shell.Session;
import io.varve.img.text.HelpText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// The program `qemu-io`: reads, writes and looks at one image, by commands given with `-c` or on
/// standard input.
public final class QemuIo {
  private static final int IMAGE_OPTS = 257;
  private static final int OBJECT = 256;
  private static final String SHORT_OPTIONS = "hVc:d:f:rsnCmki:t:T:U";

  private final Console console;
  private final Images images;
  private final List<String> commands = new ArrayList<>();
  private final OpenOptions options = new OpenOptions();
  private boolean imageOpts;
  private boolean hasFormat;

  private QemuIo(Console console) {
    this.console = console;
    this.images = new Images(console);
  }

  /// Runs the program and ends the process with its exit code.
  public static void main(String[] arguments) {
    QemuImg.end(run(Console.system("qemu-io"), arguments));
  }

  /// Runs the program and returns its exit code. Nothing is thrown.
  public static int run(Console console, String... arguments) {
    int exit = QemuImg.guarded(console, () -> new QemuIo(console).run(List.of(arguments)));
    return console.finish() || exit != 0 ? exit : 1;
  }

  private int run(List<String> arguments) throws ImgException, IOException {
    CLikeOptions line =
        new CLikeOptions(
            console,
            console.program(),
            arguments,
            SHORT_OPTIONS,
            LongOption.flag("help", 'h'),
            LongOption.flag("version", 'V'),
            LongOption.value("cmd", 'c'),
            LongOption.value("format", 'f'),
            LongOption.flag("read-only", 'r'),
            LongOption.flag("snapshot", 's'),
            LongOption.flag("nocache", 'n'),
            LongOption.flag("copy-on-read", 'C'),
            LongOption.flag("misalign", 'm'),
            LongOption.flag("native-aio", 'k'),
            LongOption.value("aio", 'i'),
            LongOption.value("discard", 'd'),
            LongOption.value("cache", 't'),
            LongOption.value("trace", 'T'),
            LongOption.flag("force-share", 'U'),
            LongOption.value("object", OBJECT),
            LongOption.flag("image-opts", IMAGE_OPTS));
    for (int c = line.next(); c != CLikeOptions.END; c = line.next()) {
      switch (c) {
        case 'h' -> {
          console.out().print(HelpText.IO_USAGE);
          return 0;
        }
        case 'V' -> {
          HelpText.version(console);
          return 0;
        }
        case CLikeOptions.BAD -> {
          console.out().print(HelpText.IO_USAGE);
          return 1;
        }
        default -> takeOption(c, line);
      }
    }
    if (line.operands().size() > 1) {
      console.out().print(HelpText.IO_USAGE);
      return 1;
    }
    if (hasFormat && imageOpts) {
      throw new ImgException("--image-opts and -f are mutually exclusive");
    }
    return runSession(line.operands());
  }

  private void takeOption(int option, CLikeOptions line) throws ImgException, IOException {
    switch (option) {
      case 'c' -> commands.add(line.argument());
      case 'f' -> {
        hasFormat = true;
        options.put("driver", line.argument());
      }
      case 'm', 'T' -> {}
      case OBJECT -> images.objects().add(line.argument());
      case IMAGE_OPTS -> imageOpts = true;
      case 'd', 't', 'i' -> options.take(option, line.argument());
      default -> options.take(option, "");
    }
  }

  private int runSession(List<String> operands) throws ImgException, IOException {
    Session session = new Session(console, images, imageOpts);
    try {
      if (!operands.isEmpty()) {
        String name = operands.getFirst();
        if (imageOpts) {
          options.add(console, name);
        }
        session.open(options.request(imageOpts ? null : name));
      }
      return commands.isEmpty() ? readCommands(session) : runCommands(session);
    } finally {
      session.close();
    }
  }

  private int runCommands(Session session) {
    int exit = 0;
    for (String command : commands) {
      if (session.hasQuit()) {
        break;
      }
      if (!session.run(command)) {
        exit = 1;
      }
    }
    return exit;
  }

  /// Each line is asked for by a prompt, whoever writes it.
  private int readCommands(Session session) throws IOException {
    LineReader lines = new LineReader(console.in());
    int exit = 0;
    while (!session.hasQuit()) {
      console.out().print("qemu-io> ");
      console.out().flush();
      String line = lines.next();
      if (line == null) {
        break;
      }
      session.reportWithoutWaiting();
      if (!session.run(line)) {
        exit = 1;
      }
    }
    return exit;
  }
}
