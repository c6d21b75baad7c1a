// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.args.GetOpt;
import io.varve.img.args.KeyValues;
import io.varve.img.args.LongOption;
import io.varve.img.args.Sizes;
import io.varve.img.create.OptionHelp;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the command line of `convert` asks for; refuses what contradicts itself.
final class ConvertRequest {
  private static final int OBJECT = 256;
  private static final int SOURCE_IMAGE_OPTS = 257;
  private static final int TARGET_IMAGE_OPTS = 258;
  private static final int SALVAGE = 259;
  private static final int TARGET_IS_ZERO = 260;
  private static final int BITMAPS = 261;
  private static final int SKIP_BROKEN = 262;

  private static final long MAX_SPARSE = 16 << 20;
  private static final int MAX_THREADS = 16;

  @Nullable String format;
  @Nullable String targetFormat;
  @Nullable String options;
  @Nullable String backing;
  @Nullable String backingFormat;
  @Nullable String snapshot;
  @Nullable String snapshotId;
  @Nullable String snapshotName;
  String cache = "unsafe";
  String sourceCache = "writeback";
  boolean imageOpts;
  boolean targetImageOpts;
  boolean help;
  boolean compress;
  boolean noCreate;
  boolean targetIsZero;
  boolean salvage;
  boolean offload;
  boolean outOfOrder;
  boolean bitmaps;
  boolean skipBroken;
  boolean progress;
  boolean quiet;
  boolean share;
  boolean sparseGiven;
  int sparse = 4096;
  int threads = 8;
  long rate;
  final List<String> objects = new ArrayList<>();
  List<String> sources = List.of();
  @Nullable String target;

  /// Reads the command line.
  ///
  /// @throws ImgException in QEMU's words
  static ConvertRequest of(Console console, List<String> args) throws ImgException {
    ConvertRequest request = new ConvertRequest();
    GetOpt line =
        new GetOpt(
            console,
            args,
            "hf:O:B:CcF:o:l:S:pt:T:qnm:WUr:",
            LongOption.flag("help", 'h'),
            LongOption.value("object", OBJECT),
            LongOption.flag("image-opts", SOURCE_IMAGE_OPTS),
            LongOption.flag("source-image-opts", SOURCE_IMAGE_OPTS),
            LongOption.flag("force-share", 'U'),
            LongOption.flag("target-image-opts", TARGET_IMAGE_OPTS),
            LongOption.flag("salvage", SALVAGE),
            LongOption.flag("target-is-zero", TARGET_IS_ZERO),
            LongOption.flag("bitmaps", BITMAPS),
            LongOption.flag("skip-broken-bitmaps", SKIP_BROKEN),
            LongOption.value("source-format", 'f'),
            LongOption.value("source-snapshot", 'l'),
            LongOption.value("source-cache", 'T'),
            LongOption.value("target-format", 'O'),
            LongOption.value("target-options", 'o'),
            LongOption.value("target-cache", 't'),
            LongOption.value("backing", 'B'),
            LongOption.value("backing-format", 'F'),
            LongOption.value("sparse-size", 'S'),
            LongOption.flag("no-create", 'n'),
            LongOption.flag("compress", 'c'),
            LongOption.flag("copy-range-offloading", 'C'),
            LongOption.flag("oob-writes", 'W'),
            LongOption.value("parallel", 'm'),
            LongOption.value("rate", 'r'),
            LongOption.flag("progress", 'p'),
            LongOption.flag("quiet", 'q'));
    for (int c = line.next(); c != GetOpt.END; c = line.next()) {
      request.take(c, line);
      if (request.help) {
        return request;
      }
    }
    request.requireSense();
    request.takeNames(line.rest());
    return request;
  }

  private void take(int code, GetOpt line) throws ImgException {
    switch (code) {
      case 'f' -> format = line.argument();
      case 'O' -> targetFormat = line.argument();
      case 'B' -> backing = line.argument();
      case 'F' -> backingFormat = line.argument();
      case 'o' -> options = OptionHelp.accumulate(options, line.argument());
      case 'l' -> takeSnapshot(line.argument());
      case 'S' -> sparse = sparseSize(line.argument());
      case 't' -> cache = line.argument();
      case 'T' -> sourceCache = line.argument();
      case 'm' -> threads = threadCount(line.argument());
      case 'r' -> rate = Sizes.require("rate limit", line.argument());
      case OBJECT -> objects.add(line.argument());
      default -> takeFlag(code);
    }
  }

  private void takeFlag(int code) {
    switch (code) {
      case 'c' -> compress = true;
      case 'C' -> offload = true;
      case 'W' -> outOfOrder = true;
      case 'n' -> noCreate = true;
      case 'p' -> progress = true;
      case 'q' -> quiet = true;
      case 'U' -> share = true;
      case SOURCE_IMAGE_OPTS -> imageOpts = true;
      case TARGET_IMAGE_OPTS -> targetImageOpts = true;
      case SALVAGE -> salvage = true;
      case TARGET_IS_ZERO -> targetIsZero = true;
      case BITMAPS -> bitmaps = true;
      case SKIP_BROKEN -> skipBroken = true;
      default -> help = true;
    }
  }

  private void takeSnapshot(String text) throws ImgException {
    if (!text.startsWith("snapshot.")) {
      snapshot = text;
      return;
    }
    for (KeyValues.Entry entry : KeyValues.parse(text, null).entries()) {
      switch (entry.key()) {
        case "snapshot.id" -> snapshotId = entry.value();
        case "snapshot.name" -> snapshotName = entry.value();
        default ->
            throw new ImgException("Invalid parameter '" + entry.key() + "'")
                .withMessage("Failed in parsing snapshot param '" + text + "'");
      }
    }
  }

  private int sparseSize(String text) throws ImgException {
    long size = Sizes.require("buffer size for sparse output", text);
    if (size % 512 != 0 || size > MAX_SPARSE) {
      throw new ImgException(
          "Invalid buffer size for sparse output specified. Valid sizes are multiples of 512 up to "
              + MAX_SPARSE
              + ". Select 0 to disable sparse detection (fully allocates output).");
    }
    sparseGiven = true;
    return (int) size;
  }

  private static int threadCount(String text) throws ImgException {
    try {
      int count = Integer.decode(text);
      if (count >= 1 && count <= MAX_THREADS) {
        return count;
      }
    } catch (NumberFormatException _) {
      // Said below.
    }
    throw new ImgException(
        "Invalid number of coroutines. Allowed number of coroutines is between 1 and "
            + MAX_THREADS);
  }

  private void requireSense() throws ImgException {
    if (targetFormat == null && !targetImageOpts) {
      targetFormat = "raw";
    }
    refuseIf(skipBroken && !bitmaps, "Use of --skip-broken-bitmaps requires --bitmaps");
    refuseIf(compress && offload, "Cannot enable copy offloading when -c is used");
    refuseIf(sparseGiven && offload, "Cannot enable copy offloading when -S is used");
    refuseIf(salvage && offload, "Cannot use copy offloading in salvaging mode");
    refuseIf(targetImageOpts && !noCreate, "--target-image-opts requires use of -n flag");
    refuseIf(noCreate && options != null, "-o has no effect when skipping image creation");
    refuseIf(targetIsZero && !noCreate, "--target-is-zero requires use of -n flag");
  }

  private static void refuseIf(boolean wrong, String why) throws ImgException {
    if (wrong) {
      throw new ImgException(why);
    }
  }

  private void takeNames(List<String> operands) throws ImgException {
    int count = operands.size();
    target = count >= 2 ? operands.getLast() : null;
    if (OptionHelp.isWanted(options)) {
      refuseIf(targetFormat == null, "Option help requires a format be specified");
      return;
    }
    refuseIf(count < 2, "Must specify image file name");
    sources = operands.subList(0, count - 1);
  }

  boolean optionHelp() {
    return OptionHelp.isWanted(options);
  }
}
