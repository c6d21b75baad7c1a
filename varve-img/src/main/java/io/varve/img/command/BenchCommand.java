// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.op.BenchOp;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.QemuImg;
import io.varve.img.args.GetOpt;
import io.varve.img.args.LongOption;
import io.varve.img.args.Sizes;
import io.varve.img.open.ImageSpec;
import io.varve.img.open.Images;
import io.varve.img.open.OpenHow;
import io.varve.img.open.OpenedImage;
import io.varve.img.open.StepWords;
import io.varve.img.text.HelpText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `bench`: sends equal requests to an image and says how long they took.
final class BenchCommand implements Command {
  private static final int OBJECT = 256;
  private static final int IMAGE_OPTS = 257;
  private static final int FLUSH_INTERVAL = 258;
  private static final int NO_DRAIN = 259;
  private static final int PATTERN = 260;

  private @Nullable String format;
  private String cache = "writeback";
  private boolean imageOpts;
  private boolean share;
  private boolean write;
  private boolean nativeAio;
  private boolean drain = true;
  private int count = 75000;
  private int depth = 64;
  private int bufferSize = 4096;
  private long offset;
  private int step;
  private int pattern;
  private int flushInterval;
  private final List<String> objects = new ArrayList<>();

  @Override
  public int run(Console console, List<String> args) throws ImgException, IOException {
    GetOpt line =
        new GetOpt(
            console,
            args,
            "hc:d:f:ni:o:qs:S:t:wU",
            LongOption.flag("help", 'h'),
            LongOption.value("object", OBJECT),
            LongOption.value("flush-interval", FLUSH_INTERVAL),
            LongOption.value("pattern", PATTERN),
            LongOption.flag("no-drain", NO_DRAIN),
            LongOption.flag("image-opts", IMAGE_OPTS),
            LongOption.flag("force-share", 'U'),
            LongOption.value("format", 'f'),
            LongOption.value("cache", 't'),
            LongOption.value("count", 'c'),
            LongOption.value("depth", 'd'),
            LongOption.value("offset", 'o'),
            LongOption.value("buffer-size", 's'),
            LongOption.value("step-size", 'S'),
            LongOption.flag("write", 'w'),
            LongOption.value("aio", 'i'),
            LongOption.flag("native", 'n'),
            LongOption.flag("quiet", 'q'));
    for (int c = line.next(); c != GetOpt.END; c = line.next()) {
      if (c == 'h') {
        HelpText.print(console);
        return 0;
      }
      take(c, line);
    }
    if (line.rest().size() != 1) {
      throw QemuImg.usage(console, "Expecting one image file name");
    }
    if (!write && flushInterval != 0) {
      throw new ImgException("--flush-interval is only available in write tests");
    }
    if (flushInterval != 0 && flushInterval < depth) {
      throw new ImgException("Flush interval can't be smaller than depth");
    }
    if (!CacheModes.isKnown(cache)) {
      throw new ImgException("Invalid cache mode");
    }
    Images images = new Images(console);
    images.objects().addAll(objects);
    run(console, images, line.rest().getFirst());
    return 0;
  }

  private void take(int code, GetOpt line) throws ImgException {
    switch (code) {
      case 'c' -> count = number(line, "request count", 1, Integer.MAX_VALUE);
      case 'd' -> depth = number(line, "queue depth", 1, Integer.MAX_VALUE);
      case 'f' -> format = line.argument();
      case 'n' -> nativeAio = true;
      case 'i' -> takeAio(line.argument());
      case 'o' -> offset = Sizes.require("offset", line.argument());
      case 's' -> bufferSize = number(line, "buffer size", 1, Integer.MAX_VALUE);
      case 'S' -> step = number(line, "step size", 0, Integer.MAX_VALUE);
      case 't' -> cache = line.argument();
      case 'w' -> write = true;
      case 'U' -> share = true;
      case PATTERN -> pattern = number(line, "pattern byte", 0, 0xff);
      case FLUSH_INTERVAL -> flushInterval = number(line, "flush interval", 0, Integer.MAX_VALUE);
      case NO_DRAIN -> drain = false;
      case OBJECT -> objects.add(line.argument());
      case IMAGE_OPTS -> imageOpts = true;
      default -> {}
    }
  }

  private static int number(GetOpt line, String what, int min, int max) throws ImgException {
    return (int) Sizes.require(what, line.argument(), min, max);
  }

  private void takeAio(String mode) throws ImgException {
    nativeAio =
        switch (mode) {
          case "threads", "io_uring" -> false;
          case "native" -> true;
          default -> throw new ImgException("Invalid aio option: " + mode);
        };
  }

  private void run(Console console, Images images, String name) throws ImgException, IOException {
    if (nativeAio && !cache.equals("none") && !cache.equals("directsync")) {
      throw new ImgException(
          "Could not open '"
              + name
              + "': aio=native was specified, but it requires cache.direct=on, which was not"
              + " specified.");
    }
    OpenHow how = OpenHow.readOnly().withWritable(write).withForceShare(share).withCache(cache);
    try (OpenedImage image = images.open(new ImageSpec(name, format, imageOpts), how)) {
      if (cache.equals("unsafe")) {
        Unflushed.ignoreFlushes(image);
      }
      int distance = step == 0 ? bufferSize : step;
      tell(console, distance);
      BenchOp.Load load =
          new BenchOp.Load(
              write, count, depth, bufferSize, offset, distance, pattern, flushInterval, drain);
      long start = System.nanoTime();
      try {
        BenchOp.run(image.chain(), load);
      } catch (IOException e) {
        throw new ImgException("Failed request: " + StepWords.of(e));
      }
      tellTime(console, System.nanoTime() - start);
    }
  }

  private void tell(Console console, int distance) {
    console
        .out()
        .print(
            "Sending "
                + count
                + (write ? " write" : " read")
                + " requests, "
                + bufferSize
                + " bytes each, "
                + depth
                + " in parallel (starting at offset "
                + offset
                + ", step size "
                + distance
                + ")\n");
    if (flushInterval != 0) {
      console.out().print("Sending flush every " + flushInterval + " requests\n");
    }
  }

  private static void tellTime(Console console, long nanos) {
    long millis = (nanos + 500_000) / 1_000_000;
    String fraction = Long.toString(1000 + millis % 1000).substring(1);
    console.out().print("Run completed in " + millis / 1000 + "." + fraction + " seconds.\n");
  }
}
