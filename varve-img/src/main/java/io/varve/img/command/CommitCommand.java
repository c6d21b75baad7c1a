// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.chain.Chain;
import io.varve.image.op.CommitOp;
import io.varve.image.op.StepException;
import io.varve.image.qcow2.Qcow2Layer;
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
import io.varve.img.text.ProgressText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `commit`: moves the content of an overlay down into a base.
final class CommitCommand implements Command {
  private static final int OBJECT = 256;
  private static final int IMAGE_OPTS = 257;

  private @Nullable String format;
  private @Nullable String base;
  private String cache = "writeback";
  private boolean imageOpts;
  private boolean drop;
  private boolean progress;
  private boolean quiet;
  private long rate;
  private final List<String> objects = new ArrayList<>();

  @Override
  public int run(Console console, List<String> args) throws ImgException, IOException {
    GetOpt line =
        new GetOpt(
            console,
            args,
            "f:ht:b:dpqr:",
            LongOption.flag("help", 'h'),
            LongOption.value("object", OBJECT),
            LongOption.flag("image-opts", IMAGE_OPTS),
            LongOption.value("format", 'f'),
            LongOption.value("cache", 't'),
            LongOption.flag("drop", 'd'),
            LongOption.value("base", 'b'),
            LongOption.flag("progress", 'p'),
            LongOption.flag("quiet", 'q'),
            LongOption.value("rate", 'r'));
    for (int c = line.next(); c != GetOpt.END; c = line.next()) {
      switch (c) {
        case 'f' -> format = line.argument();
        case 't' -> cache = line.argument();
        case 'b' -> {
          base = line.argument();
          drop = true;
        }
        case 'd' -> drop = true;
        case 'p' -> progress = true;
        case 'q' -> quiet = true;
        case 'r' -> rate = Sizes.require("rate limit", line.argument());
        case OBJECT -> objects.add(line.argument());
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
    Images images = new Images(console);
    images.objects().addAll(objects);
    CacheModes.require(cache, "Invalid cache option");
    run(console, images, new ImageSpec(line.rest().getFirst(), format, imageOpts));
    if (!quiet) {
      console.out().print("Image committed.\n");
    }
    return 0;
  }

  private void run(Console console, Images images, ImageSpec spec)
      throws ImgException, IOException {
    int depth = 1;
    if (base != null) {
      try (OpenedImage seen = images.open(spec, OpenHow.readOnly())) {
        depth = BackingPath.depthOf(base, console, seen);
      }
    }
    ProgressText text = new ProgressText(console, progress && !quiet);
    OpenHow how = OpenHow.readWrite().withCache(cache).withWritableDepth(depth);
    try (OpenedImage image = images.open(spec, how)) {
      text.set(0);
      if (depth == 0) {
        throw new ImgException(
            "Did not find '" + base + "' in the backing chain of '" + spec.name() + "'");
      }
      if (image.chain().depth() == 1) {
        throw new ImgException("Image does not have a backing file");
      }
      commit(image.chain(), depth, text);
    } finally {
      text.end();
    }
  }

  private void commit(Chain chain, int depth, ProgressText text) throws ImgException, IOException {
    try {
      CommitOp.commit(chain, depth, RateLimit.of(rate), text);
      if (!drop && chain.top() instanceof Qcow2Layer top) {
        top.empty();
      }
    } catch (StepException e) {
      throw new ImgException(StepWords.of(e));
    }
  }
}
