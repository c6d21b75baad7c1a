// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.BackingReference;
import io.varve.image.Layer;
import io.varve.image.chain.Chain;
import io.varve.image.op.RebaseOp;
import io.varve.image.op.StepException;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.QemuImg;
import io.varve.img.args.GetOpt;
import io.varve.img.args.LongOption;
import io.varve.img.create.ImageFormats;
import io.varve.img.open.BackingNames;
import io.varve.img.open.Failures;
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

/// `rebase`: gives an overlay another base; the safe way copies what the new one would not show.
final class RebaseCommand implements Command {
  private static final int OBJECT = 256;
  private static final int IMAGE_OPTS = 257;
  private static final int MAX_NAME = 1023;

  private @Nullable String format;
  private @Nullable String base;
  private @Nullable String baseFormat;
  private String cache = "writeback";
  private String baseCache = "writeback";
  private boolean imageOpts;
  private boolean unsafe;
  private boolean compress;
  private boolean progress;
  private boolean quiet;
  private boolean share;
  private final List<String> objects = new ArrayList<>();

  @Override
  public int run(Console console, List<String> args) throws ImgException, IOException {
    GetOpt line =
        new GetOpt(
            console,
            args,
            "hf:F:b:upt:T:qUc",
            LongOption.flag("help", 'h'),
            LongOption.value("object", OBJECT),
            LongOption.flag("image-opts", IMAGE_OPTS),
            LongOption.flag("force-share", 'U'),
            LongOption.flag("compress", 'c'),
            LongOption.value("format", 'f'),
            LongOption.value("cache", 't'),
            LongOption.value("backing", 'b'),
            LongOption.value("backing-format", 'F'),
            LongOption.value("backing-cache", 'T'),
            LongOption.flag("backing-unsafe", 'u'),
            LongOption.flag("progress", 'p'),
            LongOption.flag("quiet", 'q'));
    for (int c = line.next(); c != GetOpt.END; c = line.next()) {
      switch (c) {
        case 'f' -> format = line.argument();
        case 'F' -> baseFormat = line.argument();
        case 'b' -> base = line.argument();
        case 't' -> cache = line.argument();
        case 'T' -> baseCache = line.argument();
        case 'u' -> unsafe = true;
        case 'c' -> compress = true;
        case 'p' -> progress = true;
        case 'q' -> quiet = true;
        case 'U' -> share = true;
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
    if (!unsafe && base == null) {
      throw QemuImg.usage(console, "Must specify backing file (-b) or use simple rebase mode (-u)");
    }
    Images images = new Images(console);
    images.objects().addAll(objects);
    ProgressText text = new ProgressText(console, progress && !quiet);
    text.set(0);
    try {
      run(console, images, new ImageSpec(line.rest().getFirst(), format, imageOpts), text);
    } finally {
      text.end();
    }
    return 0;
  }

  private void run(Console console, Images images, ImageSpec spec, ProgressText text)
      throws ImgException, IOException {
    CacheModes.require(cache, "Invalid cache option");
    CacheModes.require(baseCache, "Invalid source cache option");
    OpenHow how = OpenHow.readWrite().withForceShare(share).withCache(cache);
    try (OpenedImage image = images.open(spec, unsafe ? how.withNoBacking() : how)) {
      if (compress && !(image.top() instanceof Qcow2Layer)) {
        throw new ImgException("Compression not supported for this file format");
      }
      if (baseFormat != null && !ImageFormats.isKnown(baseFormat)) {
        throw new ImgException("Invalid format name: '" + baseFormat + "'");
      }
      if (!unsafe) {
        copyDifferences(console, images, image, text);
      }
      changeBase(image);
      text.set(100);
    }
  }

  private void copyDifferences(Console console, Images images, OpenedImage image, ProgressText text)
      throws ImgException, IOException {
    if (base == null || base.isEmpty()) {
      rebase(image.chain(), null, 0, text);
      return;
    }
    String full;
    try {
      full = BackingNames.full(BackingPath.nameOf(image, 0), base);
    } catch (ImgException e) {
      throw e.after("Could not resolve backing filename");
    }
    List<Layer> layers = image.layers();
    int depth = BackingPath.depthOf(full, console, image);
    if (depth > 0) {
      rebase(image.chain(), Chain.of(layers.subList(depth, layers.size())), depth, text);
      return;
    }
    OpenHow how = OpenHow.readOnly().withForceShare(share).withCache(baseCache);
    OpenedImage opened;
    try {
      opened = images.openPlainly(ImageSpec.of(full, baseFormat), how);
    } catch (ImgException e) {
      throw e.after("Could not open new backing file '" + base + "'");
    }
    try (opened) {
      rebase(image.chain(), opened.chain(), 0, text);
    }
  }

  private void rebase(Chain disk, @Nullable Chain newBase, int depth, ProgressText text)
      throws ImgException, IOException {
    if (!(disk.top() instanceof Qcow2Layer)) {
      // A raw image holds all of its disk itself.
      return;
    }
    try {
      RebaseOp.rebase(disk, newBase, depth, compress, text);
    } catch (StepException e) {
      String reason = StepWords.of(e);
      throw new ImgException(
          switch (e.step()) {
            case STATUS -> "error while reading image metadata: " + reason;
            case READ ->
                "error while reading from " + (e.side() == 0 ? "old" : "new") + " backing file";
            case WRITE -> "Error while writing to COW image: " + reason;
          });
    }
  }

  private void changeBase(OpenedImage image) throws ImgException {
    String name = base == null ? "" : base;
    String failed = "Could not change the backing file to '" + name + "': ";
    if (!name.isEmpty() && baseFormat == null) {
      throw new ImgException(failed + "backing format must be specified");
    }
    if (!(image.top() instanceof Qcow2Layer layer)) {
      throw new ImgException(failed + "Operation not supported");
    }
    if (name.length() > MAX_NAME) {
      throw new ImgException(failed + "Invalid argument");
    }
    try {
      layer.setBacking(name.isEmpty() ? null : new BackingReference(name, baseFormat));
    } catch (io.varve.image.UnsupportedImageException _) {
      throw new ImgException(failed + "No space left in the file header");
    } catch (IOException e) {
      throw new ImgException(failed + Failures.reason(e));
    }
  }
}
