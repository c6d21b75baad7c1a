// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.GuestOffset;
import io.varve.image.chain.Chain;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.args.GetOpt;
import io.varve.img.args.LongOption;
import io.varve.img.args.Sizes;
import io.varve.img.create.CreateOptions;
import io.varve.img.create.ImageCreator;
import io.varve.img.create.ImageFormats;
import io.varve.img.open.ImageSpec;
import io.varve.img.open.Images;
import io.varve.img.open.OpenHow;
import io.varve.img.open.OpenedImage;
import io.varve.img.open.StepWords;
import io.varve.img.text.HelpText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `dd`: copies a part of an image, block by block, into a new one.
final class DdCommand implements Command {
  private static final int OBJECT = 256;
  private static final int IMAGE_OPTS = 257;
  private static final int PIECE = 2 << 20;

  private @Nullable String format;
  private String targetFormat = "raw";
  private boolean imageOpts;
  private boolean share;
  private @Nullable String input;
  private @Nullable String output;
  private long blockSize = 512;
  private long count = -1;
  private long skip;
  private final List<String> objects = new ArrayList<>();

  @Override
  public int run(Console console, List<String> args) throws ImgException, IOException {
    GetOpt line =
        new GetOpt(
            console,
            args,
            "hf:O:U",
            LongOption.flag("help", 'h'),
            LongOption.value("object", OBJECT),
            LongOption.value("format", 'f'),
            LongOption.value("output-format", 'O'),
            LongOption.flag("image-opts", IMAGE_OPTS),
            LongOption.flag("force-share", 'U'));
    for (int c = line.next(); c != GetOpt.END; c = line.next()) {
      switch (c) {
        case 'f' -> format = line.argument();
        case 'O' -> targetFormat = line.argument();
        case 'U' -> share = true;
        case OBJECT -> objects.add(line.argument());
        case IMAGE_OPTS -> imageOpts = true;
        default -> {
          HelpText.print(console);
          return 0;
        }
      }
    }
    for (String operand : line.rest()) {
      take(operand);
    }
    if (input == null || output == null) {
      throw new ImgException("Must specify both input and output files");
    }
    Images images = new Images(console);
    images.objects().addAll(objects);
    OpenHow how = OpenHow.readOnly().withForceShare(share);
    try (OpenedImage from = images.open(new ImageSpec(input, format, imageOpts), how)) {
      return copy(console, images, from, input, output);
    }
  }

  private void take(String operand) throws ImgException {
    int equals = operand.indexOf('=');
    String key = equals < 0 ? operand : operand.substring(0, equals);
    String value = equals < 0 ? "" : operand.substring(equals + 1);
    switch (equals < 0 ? "" : key) {
      case "if" -> input = value;
      case "of" -> output = value;
      case "bs" -> blockSize = Sizes.require("bs", value, 1, Integer.MAX_VALUE);
      case "count" -> count = Sizes.require("count", value);
      case "skip" -> skip = Sizes.require("skip", value);
      default -> throw new ImgException("unrecognized operand " + key);
    }
  }

  private int copy(
      Console console, Images images, OpenedImage from, String inputName, String outputName)
      throws ImgException, IOException {
    if (!ImageFormats.isKnown(targetFormat)) {
      throw new ImgException("Unknown file format");
    }
    CreateOptions wanted = ImageFormats.optionsFor(targetFormat, outputName);
    long size = from.chain().size();
    if (count >= 0 && count <= size / blockSize) {
      size = count * blockSize;
    }
    boolean beyond = skip > size / blockSize;
    long start = beyond ? size : skip * blockSize;
    wanted.set("size", Long.toString(size - start));
    try {
      ImageCreator.create(images, outputName, wanted);
    } catch (ImgException e) {
      throw e.after(outputName + ": error while creating output image");
    }
    OpenHow how = OpenHow.readWrite();
    try (OpenedImage to = images.open(ImageSpec.of(outputName, targetFormat), how)) {
      if (beyond) {
        // The new image is empty then, as dd has it.
        console.error(inputName + ": cannot skip to specified offset");
      }
      copy(from.chain(), to.chain(), start, size);
    }
    return 0;
  }

  private void copy(Chain from, Chain to, long start, long end) throws ImgException {
    int piece = (int) (blockSize < PIECE ? PIECE / blockSize * blockSize : PIECE);
    byte[] buffer = new byte[(int) Math.min(piece, Math.max(0, end - start))];
    for (long at = start; at < end; at += piece) {
      int length = (int) Math.min(piece, end - at);
      ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, length);
      try {
        from.read(GuestOffset.of(at), bytes);
      } catch (IOException e) {
        throw new ImgException("error while reading from input image file: " + StepWords.of(e));
      }
      try {
        to.write(GuestOffset.of(at - start), bytes.flip());
      } catch (IOException e) {
        throw new ImgException("error while writing to output image file: " + StepWords.of(e));
      }
    }
  }
}
