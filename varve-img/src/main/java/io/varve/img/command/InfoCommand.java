// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.QemuImg;
import io.varve.img.args.GetOpt;
import io.varve.img.args.LongOption;
import io.varve.img.info.InfoPrinter;
import io.varve.img.info.InfoReader;
import io.varve.img.open.ImageSpec;
import io.varve.img.open.Images;
import io.varve.img.text.HelpText;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `info [-f fmt] [--image-opts] [--output=human|json] [--backing-chain] [-U] filename`.
final class InfoCommand implements Command {
  private static final int OUTPUT = 256;
  private static final int BACKING_CHAIN = 257;
  private static final int OBJECT = 258;
  private static final int IMAGE_OPTS = 259;

  @Override
  public int run(Console console, List<String> args) throws ImgException, IOException {
    GetOpt line =
        new GetOpt(
            console,
            args,
            "hf:U",
            LongOption.flag("help", 'h'),
            LongOption.value("format", 'f'),
            LongOption.value("output", OUTPUT),
            LongOption.flag("backing-chain", BACKING_CHAIN),
            LongOption.value("object", OBJECT),
            LongOption.flag("image-opts", IMAGE_OPTS),
            LongOption.flag("force-share", 'U'));
    Images images = new Images(console);
    @Nullable String format = null;
    String output = "human";
    boolean chain = false;
    boolean imageOpts = false;
    boolean forceShare = false;
    for (int c = line.next(); c != GetOpt.END; c = line.next()) {
      switch (c) {
        case 'f' -> format = line.argument();
        case 'U' -> forceShare = true;
        case OUTPUT -> output = line.argument();
        case BACKING_CHAIN -> chain = true;
        case OBJECT -> images.objects().add(line.argument());
        case IMAGE_OPTS -> imageOpts = true;
        default -> {
          HelpText.print(console);
          return 0;
        }
      }
    }
    if (line.rest().size() != 1) {
      throw QemuImg.usage(console, "Expecting one image file name");
    }
    if (!output.equals("human") && !output.equals("json")) {
      throw new ImgException("--output must be used with human or json as argument.");
    }
    if (imageOpts && format != null) {
      throw new ImgException("--image-opts and --format are mutually exclusive");
    }
    InfoPrinter.print(
        console,
        new InfoReader(images, forceShare),
        new ImageSpec(line.rest().getFirst(), format, imageOpts),
        chain,
        output.equals("json"));
    return 0;
  }
}
