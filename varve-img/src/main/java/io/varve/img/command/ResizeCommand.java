// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.Preallocation;
import io.varve.image.chain.Chain;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.QemuImg;
import io.varve.img.args.GetOpt;
import io.varve.img.args.LongOption;
import io.varve.img.args.Sizes;
import io.varve.img.open.ImageResize;
import io.varve.img.open.ImageSpec;
import io.varve.img.open.Images;
import io.varve.img.open.OpenHow;
import io.varve.img.open.OpenedImage;
import io.varve.img.text.HelpText;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `resize`: sets the size of a disk, or changes it by an amount.
final class ResizeCommand implements Command {
  private static final int OBJECT = 256;
  private static final int IMAGE_OPTS = 257;
  private static final int PREALLOCATION = 258;
  private static final int SHRINK = 259;

  private @Nullable String format;
  private boolean imageOpts;
  private boolean quiet;
  private boolean shrink;
  private Preallocation ahead = Preallocation.OFF;

  @Override
  public int run(Console console, List<String> args) throws ImgException, IOException {
    Images images = new Images(console);
    List<String> words = new ArrayList<>();
    String size = null;
    for (String word : args) {
      // A size below zero is no option.
      if (word.length() > 1 && word.charAt(0) == '-' && Character.isDigit(word.charAt(1))) {
        size = word;
      } else {
        words.add(word);
      }
    }
    List<String> operands = new ArrayList<>();
    if (parse(console, words, images, operands)) {
      return 0;
    }
    if (size == null && !operands.isEmpty()) {
      size = operands.removeLast();
    }
    if (size == null || operands.isEmpty()) {
      throw QemuImg.usage(console, "Expecting image file name and size");
    }
    if (operands.size() > 1) {
      throw QemuImg.usage(console, "Extra argument(s) in command line");
    }
    resize(console, images, operands.getFirst(), size);
    return 0;
  }

  /// @return true if help was asked for
  private boolean parse(Console console, List<String> args, Images images, List<String> operands)
      throws ImgException, IOException {
    GetOpt options =
        new GetOpt(
            console,
            args,
            "f:hq",
            LongOption.flag("help", 'h'),
            LongOption.flag("quiet", 'q'),
            LongOption.value("format", 'f'),
            LongOption.value("object", OBJECT),
            LongOption.flag("image-opts", IMAGE_OPTS),
            LongOption.value("preallocation", PREALLOCATION),
            LongOption.flag("shrink", SHRINK));
    for (int c = options.next(); c != GetOpt.END; c = options.next()) {
      switch (c) {
        case 'h' -> {
          HelpText.print(console);
          return true;
        }
        case 'q' -> quiet = true;
        case 'f' -> format = options.argument();
        case OBJECT -> images.objects().add(options.argument());
        case IMAGE_OPTS -> imageOpts = true;
        case PREALLOCATION -> ahead = preallocation(options.argument());
        case SHRINK -> shrink = true;
        default -> throw new IllegalStateException("option " + c);
      }
    }
    operands.addAll(options.rest());
    return false;
  }

  private static Preallocation preallocation(String text) throws ImgException {
    return switch (text) {
      case "off" -> Preallocation.OFF;
      case "metadata" -> Preallocation.METADATA;
      case "falloc" -> Preallocation.FALLOC;
      case "full" -> Preallocation.FULL;
      default -> throw new ImgException("Invalid preallocation mode '" + text + "'");
    };
  }

  private void resize(Console console, Images images, String file, String size)
      throws ImgException, IOException {
    int sign = size.startsWith("+") ? 1 : size.startsWith("-") ? -1 : 0;
    long amount = amount(sign == 0 ? size : size.substring(1));
    ImageSpec spec = new ImageSpec(file, format, imageOpts);
    try (OpenedImage image = images.open(spec, OpenHow.readWrite())) {
      Chain chain = image.chain();
      long current = chain.size();
      // As with 64 bits and a sign: what passes them is negative.
      long total = sign == 0 ? amount : current + sign * amount;
      if (total <= 0) {
        throw new ImgException("New image size must be positive");
      }
      if (total <= current && ahead != Preallocation.OFF) {
        throw new ImgException("Preallocation can only be used for growing images");
      }
      if (total < current && !shrink) {
        throw new ImgException("Use the --shrink option to perform a shrink operation.")
            .withHint(
                console.program()
                    + ": warning: Shrinking an image will delete all data beyond the shrunken"
                    + " image's end. Before performing such an operation, make sure there is no"
                    + " important data there.");
      }
      ImageResize.run(image.chain(), total, ahead);
    }
    if (!quiet) {
      console.out().print("Image resized.\n");
    }
  }

  private static long amount(String text) throws ImgException {
    long value = Sizes.parse(text);
    if (value == Sizes.OUT_OF_RANGE && !text.startsWith("-") && isBelowTwo64(text)) {
      return Long.MIN_VALUE;
    }
    if (value == Sizes.OUT_OF_RANGE) {
      throw new ImgException("Value '" + text + "' is out of range for parameter 'size'");
    }
    if (value == Sizes.INVALID) {
      throw new ImgException("Parameter 'size' expects a non-negative number below 2^64")
          .withHint("Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-")
          .withHint("and exabytes, respectively.");
    }
    return value;
  }

  /// From 2^63 on a size is read, and then found to be negative.
  private static boolean isBelowTwo64(String text) {
    int last = text.length() - 1;
    boolean exa = Character.toLowerCase(text.charAt(last)) == 'e';
    try {
      BigDecimal number = new BigDecimal(exa ? text.substring(0, last) : text);
      BigDecimal unit = BigDecimal.valueOf(exa ? 1L << 60 : 1);
      return number.multiply(unit).toBigInteger().bitLength() <= 64;
    } catch (NumberFormatException e) {
      return false;
    }
  }
}
