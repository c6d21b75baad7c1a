// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.QemuImg;
import io.varve.img.args.GetOpt;
import io.varve.img.args.KeyValues;
import io.varve.img.args.LongOption;
import io.varve.img.create.CreateOptions;
import io.varve.img.create.OptionHelp;
import io.varve.img.open.ImageSpec;
import io.varve.img.open.Images;
import io.varve.img.open.OpenHow;
import io.varve.img.open.OpenedImage;
import io.varve.img.text.HelpText;
import io.varve.img.text.ProgressText;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `amend`: changes what kind of image a file is.
final class AmendCommand implements Command {
  private static final int OBJECT = 256;
  private static final int IMAGE_OPTS = 257;
  private static final int FORCE = 258;

  private @Nullable String format;
  private @Nullable String changes;
  private String cache = "writeback";
  private boolean imageOpts;
  private boolean quiet;
  private boolean force;
  private boolean progress;

  @Override
  public int run(Console console, List<String> args) throws ImgException, IOException {
    Images images = new Images(console);
    GetOpt options =
        new GetOpt(
            console,
            args,
            "ho:f:t:pq",
            LongOption.flag("help", 'h'),
            LongOption.value("options", 'o'),
            LongOption.value("format", 'f'),
            LongOption.value("cache", 't'),
            LongOption.flag("progress", 'p'),
            LongOption.flag("quiet", 'q'),
            LongOption.flag("force", FORCE),
            LongOption.value("object", OBJECT),
            LongOption.flag("image-opts", IMAGE_OPTS));
    for (int c = options.next(); c != GetOpt.END; c = options.next()) {
      switch (c) {
        case 'h' -> {
          HelpText.print(console);
          return 0;
        }
        case 'o' -> changes = OptionHelp.accumulate(changes, options.argument());
        case 'f' -> format = options.argument();
        case 't' -> cache = options.argument();
        case 'p' -> progress = true;
        case 'q' -> quiet = true;
        case FORCE -> force = true;
        case OBJECT -> images.objects().add(options.argument());
        case IMAGE_OPTS -> imageOpts = true;
        default -> throw new IllegalStateException("option " + c);
      }
    }
    if (changes == null) {
      throw QemuImg.usage(console, "Must specify options (-o)");
    }
    return amend(console, images, changes, options.rest());
  }

  private int amend(Console console, Images images, String wanted, List<String> operands)
      throws ImgException, IOException {
    if (OptionHelp.isWanted(wanted) && format != null) {
      requireAmendable(format);
      OptionHelp.printAmendable(console);
      return 0;
    }
    if (operands.size() != 1) {
      throw new ImgException("Expecting one image file name");
    }
    CacheModes.require(cache, "Invalid cache option");
    ProgressText text = new ProgressText(console, progress && !quiet);
    text.set(0);
    ImageSpec spec = new ImageSpec(operands.getFirst(), format, imageOpts);
    OpenedImage image = images.open(spec, OpenHow.readWrite().withCache(cache));
    try (image) {
      requireAmendable(image.formatName());
      if (OptionHelp.isWanted(wanted)) {
        OptionHelp.printAmendable(console);
        return 0;
      }
      CreateOptions options = parsed(wanted);
      KeySlotChange keys = new KeySlotChange(options, images.objects(), force);
      new Amendment(options, keys, text).apply(image);
    }
    text.set(100);
    text.end();
    return 0;
  }

  private static void requireAmendable(String name) throws ImgException {
    if (!name.equals("qcow2")) {
      throw new ImgException("Format driver '" + name + "' does not support option amendment");
    }
  }

  private static CreateOptions parsed(String wanted) throws ImgException {
    CreateOptions options = CreateOptions.amendable();
    for (KeyValues.Entry entry : KeyValues.parse(wanted, null).entries()) {
      if (!options.knows(entry.key())) {
        ImgException refused = new ImgException("Invalid parameter '" + entry.key() + "'");
        throw CreateOptions.isForCreation(entry.key())
            ? refused.withHint("This option is only supported for image creation")
            : refused;
      }
      options.set(entry.key(), entry.value());
    }
    return options;
  }
}
