// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.QemuImg;
import io.varve.img.args.GetOpt;
import io.varve.img.args.LongOption;
import io.varve.img.args.Sizes;
import io.varve.img.create.CreateOptions;
import io.varve.img.create.ImageCreator;
import io.varve.img.create.ImageFormats;
import io.varve.img.create.OptionHelp;
import io.varve.img.open.BackingNames;
import io.varve.img.open.ImageSpec;
import io.varve.img.open.Images;
import io.varve.img.open.OpenHow;
import io.varve.img.open.OpenedImage;
import io.varve.img.text.HelpText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `create [-f fmt] [-o options] [-b backing [-F fmt]] [-u] [-q] filename [size]`.
final class CreateCommand implements Command {
  private static final int OBJECT = 256;
  private static final long UNKNOWN = -1;

  private String format = "raw";
  private @Nullable String options;
  private @Nullable String backing;
  private @Nullable String backingFormat;
  private boolean unsafe;
  private boolean quiet;
  private final List<String> objects = new ArrayList<>();

  @Override
  public int run(Console console, List<String> args) throws ImgException, IOException {
    GetOpt line =
        new GetOpt(
            console,
            args,
            "F:b:f:ho:qu",
            LongOption.flag("help", 'h'),
            LongOption.flag("quiet", 'q'),
            LongOption.value("object", OBJECT),
            LongOption.value("format", 'f'),
            LongOption.value("options", 'o'),
            LongOption.value("backing", 'b'),
            LongOption.value("backing-format", 'F'),
            LongOption.flag("backing-unsafe", 'u'));
    for (int c = line.next(); c != GetOpt.END; c = line.next()) {
      switch (c) {
        case 'f' -> format = line.argument();
        case 'F' -> backingFormat = line.argument();
        case 'b' -> backing = line.argument();
        case 'o' -> options = OptionHelp.accumulate(options, line.argument());
        case 'u' -> unsafe = true;
        case 'q' -> quiet = true;
        case OBJECT -> objects.add(line.argument());
        default -> {
          HelpText.print(console);
          return 0;
        }
      }
    }
    return run(console, line.rest(), new Images(console));
  }

  private int run(Console console, List<String> operands, Images images)
      throws ImgException, IOException {
    String name = operands.isEmpty() ? null : operands.getFirst();
    if (OptionHelp.isWanted(options)) {
      OptionHelp.print(console, format, name);
      return 0;
    }
    if (name == null) {
      throw QemuImg.usage(console, "Expecting image file name");
    }
    long size = operands.size() > 1 ? Sizes.require("image size", operands.get(1)) : UNKNOWN;
    if (operands.size() > 2) {
      throw QemuImg.usage(console, "Unexpected argument: " + operands.get(2));
    }
    images.objects().addAll(objects);
    try {
      create(console, images, name, size);
      return 0;
    } catch (ImgException e) {
      throw e.after(name);
    }
  }

  private void create(Console console, Images images, String name, long size)
      throws ImgException, IOException {
    CreateOptions wanted = ImageFormats.optionsFor(format, name);
    if (options != null) {
      wanted.parse(options);
    }
    if (size != UNKNOWN) {
      if (wanted.has("size")) {
        throw new ImgException("The image size must be specified only once");
      }
      wanted.set("size", Long.toString(size));
    }
    nameBacking(wanted, "backing_file", backing, "Backing file");
    nameBacking(wanted, "backing_fmt", backingFormat, "Backing file format");
    requireBacking(images, name, wanted);
    if (!wanted.has("size")) {
      throw new ImgException("Image creation needs a size parameter");
    }
    if (!quiet) {
      console.out().print("Formatting '" + name + "', fmt=" + format + wanted.line() + "\n");
    }
    ImageCreator.create(images, name, wanted);
  }

  private void nameBacking(CreateOptions wanted, String option, @Nullable String value, String what)
      throws ImgException {
    if (value == null) {
      return;
    }
    if (!wanted.knows(option)) {
      throw new ImgException(what + " not supported for file format '" + format + "'");
    }
    wanted.set(option, value);
  }

  /// Opens the backing file to see that it can be used, and how large the image is by it.
  private void requireBacking(Images images, String name, CreateOptions wanted)
      throws ImgException, IOException {
    String base = wanted.get("backing_file");
    if (base == null) {
      return;
    }
    if (base.isEmpty()) {
      throw new ImgException("Expected backing file name, got empty string");
    }
    if (base.equals(name)) {
      throw new ImgException(
          "Error: Trying to create an image with the same filename as the backing file");
    }
    String baseFormat = wanted.get("backing_fmt");
    if (unsafe) {
      if (baseFormat == null) {
        throw new ImgException("Backing file specified without backing format");
      }
      return;
    }
    String full = BackingNames.full(name, base);
    OpenHow how = OpenHow.readOnly().withForceShare(true);
    try (OpenedImage image = images.openPlainly(ImageSpec.of(full, baseFormat), how)) {
      if (baseFormat == null) {
        throw new ImgException("Backing file specified without backing format")
            .withHint("Detected format of " + image.formatName() + ".");
      }
      if (!wanted.has("size")) {
        wanted.set("size", Long.toString(image.top().size()));
      }
    } catch (ImgException e) {
      throw baseFormat == null && !e.hints().isEmpty()
          ? e
          : e.withHint("Could not open backing image.");
    }
  }
}
