// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.BitmapException;
import io.varve.image.qcow2.DirtyBitmaps;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.args.GetOpt;
import io.varve.img.args.LongOption;
import io.varve.img.args.Sizes;
import io.varve.img.open.ImageSpec;
import io.varve.img.open.Images;
import io.varve.img.open.OpenHow;
import io.varve.img.open.OpenedImage;
import io.varve.img.text.HelpText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `bitmap`: changes persistent bitmaps. The actions are taken in the order of the command line,
/// and those before one that fails stay.
final class BitmapCommand implements Command {
  private static final int ADD = 256;
  private static final int REMOVE = 257;
  private static final int CLEAR = 258;
  private static final int ENABLE = 259;
  private static final int DISABLE = 260;
  private static final int MERGE = 261;
  private static final int OBJECT = 262;
  private static final int IMAGE_OPTS = 263;

  /// QEMU has names of its own making for its block nodes; people's scripts leave the number open.
  private static final String NODE = "#block100";

  /// @param source the bitmap to merge, null for another action
  private record Action(int code, String name, @Nullable String source) {}

  private final List<Action> actions = new ArrayList<>();
  private boolean imageOpts;
  private @Nullable String format;
  private @Nullable String sourceFile;
  private @Nullable String sourceFormat;
  private long granularity;

  @Override
  public int run(Console console, List<String> args) throws ImgException, IOException {
    Images images = new Images(console);
    GetOpt options =
        new GetOpt(
            console,
            args,
            "hb:f:F:g:",
            LongOption.flag("help", 'h'),
            LongOption.flag("add", ADD),
            LongOption.flag("remove", REMOVE),
            LongOption.flag("clear", CLEAR),
            LongOption.flag("enable", ENABLE),
            LongOption.flag("disable", DISABLE),
            LongOption.value("merge", MERGE),
            LongOption.value("granularity", 'g'),
            LongOption.value("source-file", 'b'),
            LongOption.value("source-format", 'F'),
            LongOption.value("format", 'f'),
            LongOption.flag("image-opts", IMAGE_OPTS),
            LongOption.value("object", OBJECT));
    for (int c = options.next(); c != GetOpt.END; c = options.next()) {
      if (c == 'h') {
        HelpText.print(console);
        return 0;
      }
      take(c, options, images);
    }
    List<String> operands = options.rest();
    requireSense(operands);
    try (OpenedImage image =
            images.open(
                new ImageSpec(operands.get(0), format, imageOpts),
                OpenHow.readWrite().withNoBacking());
        OpenedImage source = openSource(images)) {
      for (Action action : actions) {
        perform(action, operands.get(1), image, source == null ? image : source);
      }
    }
    return 0;
  }

  private void take(int code, GetOpt options, Images images) throws ImgException, IOException {
    switch (code) {
      case 'b' -> sourceFile = options.argument();
      case 'f' -> format = options.argument();
      case 'F' -> sourceFormat = options.argument();
      case 'g' -> granularity = Sizes.require("granularity", options.argument());
      case ADD -> actions.add(new Action(ADD, "add", null));
      case REMOVE -> actions.add(new Action(REMOVE, "remove", null));
      case CLEAR -> actions.add(new Action(CLEAR, "clear", null));
      case ENABLE -> actions.add(new Action(ENABLE, "enable", null));
      case DISABLE -> actions.add(new Action(DISABLE, "disable", null));
      case MERGE -> actions.add(new Action(MERGE, "merge", options.argument()));
      case OBJECT -> images.objects().add(options.argument());
      case IMAGE_OPTS -> imageOpts = true;
      default -> throw new IllegalStateException("option " + code);
    }
  }

  private boolean has(int code) {
    for (Action action : actions) {
      if (action.code() == code) {
        return true;
      }
    }
    return false;
  }

  private void requireSense(List<String> operands) throws ImgException {
    if (operands.size() != 2) {
      throw new ImgException("Expecting filename and bitmap name");
    }
    if (actions.isEmpty()) {
      throw new ImgException(
          "Need at least one of --add, --remove, --clear, --enable, --disable, or --merge");
    }
    if (granularity != 0 && !has(ADD)) {
      throw new ImgException("granularity only supported with --add");
    }
    if (sourceFormat != null && sourceFile == null) {
      throw new ImgException("-F only supported with -b");
    }
    if (sourceFile != null && !has(MERGE)) {
      throw new ImgException("Merge bitmap source file only supported with --merge");
    }
  }

  private @Nullable OpenedImage openSource(Images images) throws ImgException {
    return sourceFile == null
        ? null
        : images.open(ImageSpec.of(sourceFile, sourceFormat), OpenHow.readOnly().withNoBacking());
  }

  private void perform(Action action, String bitmap, OpenedImage image, OpenedImage source)
      throws ImgException, IOException {
    try {
      change(action, bitmap, image, source);
    } catch (BitmapException e) {
      String reason =
          e.reason()
              .replace(
                  "persistent in '" + image.top().name() + "'", "persistent in '" + NODE + "'");
      ImgException failure =
          new ImgException(
              "Operation " + action.name() + " on bitmap " + bitmap + " failed: " + reason);
      String cure = e.cure();
      throw cure == null ? failure : failure.withHint(cure);
    }
  }

  private void change(Action action, String bitmap, OpenedImage image, OpenedImage source)
      throws IOException {
    if (!(image.top() instanceof Qcow2Layer layer)) {
      throw action.code() == ADD
          ? new BitmapException(
              image.fileName(),
              "Can't store persistent bitmaps to " + NODE + ": Operation not supported")
          : BitmapException.notFound(image.fileName(), bitmap);
    }
    DirtyBitmaps bitmaps = layer.bitmaps();
    switch (action.code()) {
      case ADD -> bitmaps.add(bitmap, granularityFor(layer), true);
      case REMOVE -> bitmaps.remove(bitmap);
      case CLEAR -> bitmaps.clear(bitmap);
      case ENABLE -> bitmaps.enable(bitmap);
      case DISABLE -> bitmaps.disable(bitmap);
      default -> merge(bitmaps, bitmap, source, java.util.Objects.requireNonNull(action.source()));
    }
  }

  private long granularityFor(Qcow2Layer layer) {
    return granularity != 0 ? granularity : DirtyBitmaps.defaultGranularity(layer.clusterSize());
  }

  private static void merge(
      DirtyBitmaps bitmaps, String target, OpenedImage source, String sourceBitmap)
      throws IOException {
    bitmaps.requirePresent(target);
    if (!(source.top() instanceof Qcow2Layer layer)) {
      throw BitmapException.notFound(source.fileName(), sourceBitmap);
    }
    bitmaps.merge(target, layer.bitmaps(), sourceBitmap);
  }
}
