// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.op.CompareOp;
import io.varve.image.op.CompareResult;
import io.varve.image.op.CompareResult.Outcome;
import io.varve.image.op.StepException;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.QemuImg;
import io.varve.img.args.GetOpt;
import io.varve.img.args.LongOption;
import io.varve.img.open.ImageSpec;
import io.varve.img.open.Images;
import io.varve.img.open.OpenHow;
import io.varve.img.open.OpenedImage;
import io.varve.img.open.StepWords;
import io.varve.img.text.HelpText;
import io.varve.img.text.ProgressText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `compare`: exits with 0 for equal images, 1 for different ones, 2 where one cannot be opened, 3
/// where an index and 4 where data cannot be read.
final class CompareCommand implements Command {
  private static final int OBJECT = 256;
  private static final int IMAGE_OPTS = 257;
  private static final long SECTOR = 512;

  private @Nullable String format1;
  private @Nullable String format2;
  private String cache = "writeback";
  private boolean imageOpts;
  private boolean quiet;
  private boolean progress;
  private boolean strict;
  private boolean share;
  private final List<String> objects = new ArrayList<>();

  @Override
  public int run(Console console, List<String> args) throws ImgException, IOException {
    GetOpt line =
        new GetOpt(
            console,
            args,
            "hf:F:T:pqsU",
            LongOption.flag("help", 'h'),
            LongOption.value("object", OBJECT),
            LongOption.flag("image-opts", IMAGE_OPTS),
            LongOption.flag("force-share", 'U'),
            LongOption.value("a-format", 'f'),
            LongOption.value("b-format", 'F'),
            LongOption.value("cache", 'T'),
            LongOption.flag("progress", 'p'),
            LongOption.flag("quiet", 'q'),
            LongOption.flag("strict", 's'));
    for (int c = line.next(); c != GetOpt.END; c = line.next()) {
      switch (c) {
        case 'f' -> format1 = line.argument();
        case 'F' -> format2 = line.argument();
        case 'T' -> cache = line.argument();
        case 'p' -> progress = true;
        case 'q' -> quiet = true;
        case 's' -> strict = true;
        case 'U' -> share = true;
        case OBJECT -> objects.add(line.argument());
        case IMAGE_OPTS -> imageOpts = true;
        default -> {
          HelpText.print(console);
          return 0;
        }
      }
    }
    if (line.rest().size() != 2) {
      throw QemuImg.usage(console, "Expecting two image file names");
    }
    return open(console, line.rest());
  }

  private int open(Console console, List<String> names) throws ImgException, IOException {
    ProgressText text = new ProgressText(console, progress && !quiet);
    try {
      Images images = new Images(console);
      images.objects().addAll(objects);
      CacheModes.require(cache, "Invalid source cache option");
      OpenHow how = OpenHow.readOnly().withForceShare(share);
      try (OpenedImage a = images.open(new ImageSpec(names.get(0), format1, imageOpts), how);
          OpenedImage b = images.open(new ImageSpec(names.get(1), format2, imageOpts), how)) {
        return compare(console, text, names, a, b);
      }
    } catch (ImgException e) {
      throw e.exit() == 1 ? e.withExit(2) : e;
    } finally {
      text.end();
    }
  }

  private int compare(
      Console console, ProgressText text, List<String> names, OpenedImage a, OpenedImage b)
      throws ImgException, IOException {
    text.set(0);
    CompareResult result;
    try {
      result = CompareOp.compare(a.chain(), b.chain(), strict, text);
    } catch (StepException e) {
      throw words(e, names.get(e.side()));
    }
    long common = Math.min(a.chain().size(), b.chain().size());
    boolean sizesDiffer = a.chain().size() != b.chain().size();
    if (sizesDiffer && !strict && (result.equal() || result.offset() >= common)) {
      say(console, "Warning: Image size mismatch!");
    }
    switch (result.outcome()) {
      case EQUAL -> say(console, "Images are identical.");
      case SIZE -> say(console, "Strict mode: Image size mismatch!");
      case STATUS ->
          say(console, "Strict mode: Offset " + result.offset() + " block status mismatch!");
      case CONTENT ->
          say(console, "Content mismatch at offset " + (result.offset() & -SECTOR) + "!");
    }
    return result.outcome() == Outcome.EQUAL ? 0 : 1;
  }

  private static ImgException words(StepException e, String name) {
    return switch (e.step()) {
      case STATUS -> new ImgException(3, "Sector allocation test failed for " + name);
      case READ, WRITE ->
          new ImgException(
              4,
              "Error while reading offset " + e.offset() + " of " + name + ": " + StepWords.of(e));
    };
  }

  private void say(Console console, String text) {
    if (!quiet) {
      console.out().print(text + "\n");
    }
  }
}
