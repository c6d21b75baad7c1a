// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.args.GetOpt;
import io.varve.img.args.KeyValues;
import io.varve.img.args.LongOption;
import io.varve.img.args.Sizes;
import io.varve.img.create.CreateOptions;
import io.varve.img.create.ImageFormats;
import io.varve.img.create.OptionHelp;
import io.varve.img.measure.Measurement;
import io.varve.img.measure.Measures;
import io.varve.img.open.ImageSpec;
import io.varve.img.open.Images;
import io.varve.img.open.OpenHow;
import io.varve.img.open.OpenedImage;
import io.varve.img.text.HelpText;
import io.varve.img.text.JsonWriter;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `measure [-O fmt] [-o options] [--output=human|json] (--size N | [-f fmt] [-l snapshot] file)`.
final class MeasureCommand implements Command {
  private static final int OUTPUT = 256;
  private static final int OBJECT = 257;
  private static final int IMAGE_OPTS = 258;
  private static final int SIZE = 259;
  private static final long UNKNOWN = -1;

  private @Nullable String format;
  private String target = "raw";
  private @Nullable String options;
  private @Nullable String snapshot;
  private String output = "human";
  private boolean imageOpts;
  private boolean forceShare;
  private long size = UNKNOWN;

  @Override
  public int run(Console console, List<String> args) throws ImgException, IOException {
    GetOpt line =
        new GetOpt(
            console,
            args,
            "hf:l:o:O:U",
            LongOption.flag("help", 'h'),
            LongOption.value("source-format", 'f'),
            LongOption.flag("image-opts", IMAGE_OPTS),
            LongOption.value("snapshot", 'l'),
            LongOption.value("target-format", 'O'),
            LongOption.value("options", 'o'),
            LongOption.value("object", OBJECT),
            LongOption.value("output", OUTPUT),
            LongOption.value("size", SIZE),
            LongOption.value("image-size", SIZE),
            LongOption.flag("force-share", 'U'));
    Images images = new Images(console);
    for (int c = line.next(); c != GetOpt.END; c = line.next()) {
      switch (c) {
        case 'f' -> format = line.argument();
        case 'l' -> snapshot = snapshotName(line.argument());
        case 'o' -> options = OptionHelp.accumulate(options, line.argument());
        case 'O' -> target = line.argument();
        case 'U' -> forceShare = true;
        case OBJECT -> images.objects().add(line.argument());
        case IMAGE_OPTS -> imageOpts = true;
        case OUTPUT -> output = line.argument();
        case SIZE -> size = Sizes.require("image size", line.argument());
        default -> {
          HelpText.print(console);
          return 0;
        }
      }
    }
    if (!output.equals("human") && !output.equals("json")) {
      throw new ImgException("--output must be used with human or json as argument.");
    }
    List<String> operands = line.rest();
    if (operands.size() > 1) {
      throw new ImgException("At most one filename argument is allowed.");
    }
    String name = operands.isEmpty() ? null : operands.getFirst();
    requireOneSource(name);
    print(console, measure(images, name));
    return 0;
  }

  private void requireOneSource(@Nullable String name) throws ImgException {
    if (name != null && size != UNKNOWN) {
      throw new ImgException("--size N cannot be used together with a filename.");
    }
    if (name != null) {
      return;
    }
    if (format != null || imageOpts || snapshot != null) {
      throw new ImgException("--image-opts, -f, and -l require a filename argument.");
    }
    if (size == UNKNOWN) {
      throw new ImgException("Either --size N or one filename must be specified.");
    }
  }

  /// What `-l` names: an id or name, or `snapshot.id=…` or `snapshot.name=…`.
  private static String snapshotName(String text) throws ImgException {
    if (!text.startsWith("snapshot.")) {
      return text;
    }
    String found = text;
    for (KeyValues.Entry entry : KeyValues.parse(text, null).entries()) {
      if (!entry.key().equals("snapshot.id") && !entry.key().equals("snapshot.name")) {
        throw new ImgException("Invalid parameter '" + entry.key() + "'")
            .withMessage("Failed in parsing snapshot param '" + text + "'");
      }
      found = entry.value();
    }
    return found;
  }

  private Measurement measure(Images images, @Nullable String name)
      throws ImgException, IOException {
    if (name == null) {
      return Measures.ofSize(wanted(), size);
    }
    OpenHow how = OpenHow.readOnly().withForceShare(forceShare);
    try (OpenedImage image = images.open(new ImageSpec(name, format, imageOpts), how)) {
      return Measures.ofImage(wanted(), image, snapshot);
    }
  }

  private CreateOptions wanted() throws ImgException {
    CreateOptions wanted = ImageFormats.measurable(target);
    if (options != null) {
      try {
        wanted.parse(options);
      } catch (ImgException e) {
        throw e.withMessage("Invalid options for file format '" + target + "'");
      }
    }
    return wanted;
  }

  private void print(Console console, Measurement found) {
    if (output.equals("json")) {
      JsonWriter json = new JsonWriter();
      json.beginObject();
      if (found.bitmaps() >= 0) {
        json.field("bitmaps", found.bitmaps());
      }
      json.field("required", found.required());
      json.field("fully-allocated", found.fullyAllocated());
      json.endObject();
      console.out().print(json.text());
      return;
    }
    console.out().print("required size: " + found.required() + "\n");
    console.out().print("fully allocated size: " + found.fullyAllocated() + "\n");
    if (found.bitmaps() >= 0) {
      console.out().print("bitmaps size: " + found.bitmaps() + "\n");
    }
  }
}
