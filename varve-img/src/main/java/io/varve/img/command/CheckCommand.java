// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.UnsupportedImageException;
import io.varve.image.foreign.ForeignCheck;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.check.CheckOptions;
import io.varve.image.qcow2.check.CheckReport;
import io.varve.image.qcow2.check.Finding;
import io.varve.image.qcow2.check.Qcow2Check;
import io.varve.image.qcow2.check.RepairMode;
import io.varve.image.storage.Storage;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.QemuImg;
import io.varve.img.args.GetOpt;
import io.varve.img.args.LongOption;
import io.varve.img.open.Failures;
import io.varve.img.open.ImageSpec;
import io.varve.img.open.Images;
import io.varve.img.open.OpenHow;
import io.varve.img.open.OpenedImage;
import io.varve.img.text.HelpText;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `check`: tells what is wrong with an image, and repairs it where asked to.
///
/// Exit codes: 0 nothing is wrong, 1 the check failed, 2 the image is corrupt, 3 it has leaks only,
/// 63 the format knows no check.
final class CheckCommand implements Command {
  private static final int OBJECT = 256;
  private static final int IMAGE_OPTS = 257;
  private static final int OUTPUT = 258;
  private static final int NOT_SUPPORTED = 63;

  private @Nullable String format;
  private @Nullable RepairMode repair;
  private String cache = "writeback";

  /// As the user gave it.
  private String fileName = "";

  private boolean json;
  private boolean imageOpts;
  private boolean forceShare;
  private boolean quiet;

  @Override
  public int run(Console console, List<String> args) throws ImgException, IOException {
    Images images = new Images(console);
    GetOpt options =
        new GetOpt(
            console,
            args,
            "hf:r:T:qU",
            LongOption.flag("help", 'h'),
            LongOption.value("format", 'f'),
            LongOption.value("cache", 'T'),
            LongOption.value("repair", 'r'),
            LongOption.value("output", OUTPUT),
            LongOption.value("object", OBJECT),
            LongOption.flag("image-opts", IMAGE_OPTS),
            LongOption.flag("force-share", 'U'),
            LongOption.flag("quiet", 'q'));
    for (int c = options.next(); c != GetOpt.END; c = options.next()) {
      if (c == 'h') {
        HelpText.print(console);
        return 0;
      }
      take(console, c, options, images);
    }
    if (options.rest().size() != 1) {
      throw QemuImg.usage(console, "Expecting one image file name");
    }
    requireCache();
    OpenHow how =
        OpenHow.readOnly()
            .forRepair()
            .withWritable(repair != null)
            .withForceShare(forceShare)
            .withCache(cache);
    fileName = options.rest().getFirst();
    ImageSpec spec = new ImageSpec(fileName, format, imageOpts);
    try (OpenedImage image = images.open(spec, how)) {
      return check(console, image);
    }
  }

  private void take(Console console, int code, GetOpt options, Images images)
      throws ImgException, IOException {
    switch (code) {
      case 'f' -> format = options.argument();
      case 'r' -> repair = mode(console, options.argument());
      case 'T' -> cache = options.argument();
      case 'q' -> quiet = true;
      case 'U' -> forceShare = true;
      case OUTPUT -> json = isJson(console, options.argument());
      case OBJECT -> images.objects().add(options.argument());
      case IMAGE_OPTS -> imageOpts = true;
      default -> throw new IllegalStateException("option " + code);
    }
  }

  private static RepairMode mode(Console console, String text) throws ImgException {
    return switch (text) {
      case "leaks" -> RepairMode.LEAKS;
      case "all" -> RepairMode.ALL;
      default ->
          throw QemuImg.usage(console, "--repair (-r) expects 'leaks' or 'all' not '" + text + "'");
    };
  }

  private static boolean isJson(Console console, String text) throws ImgException {
    return switch (text) {
      case "json" -> true;
      case "human" -> false;
      default ->
          throw QemuImg.usage(console, "--output expects 'human' or 'json' not '" + text + "'");
    };
  }

  private void requireCache() throws ImgException {
    switch (cache) {
      case "none", "off", "directsync", "writeback", "unsafe", "writethrough" -> {}
      default -> throw new ImgException("Invalid source cache option: " + cache);
    }
  }

  private int check(Console console, OpenedImage image) throws ImgException, IOException {
    if (!(image.top() instanceof Qcow2Layer layer)) {
      return checkOther(console, image);
    }
    CheckOptions options =
        CheckOptions.look().withCare(false).withHearer(finding -> tell(console, finding));
    CheckReport report = pass(layer.storage(), options.withRepair(repair));
    long corruptionsFixed = report.corruptionsFixed();
    long leaksFixed = report.leaksFixed();
    if (corruptionsFixed > 0 || leaksFixed > 0) {
      if (!json && !quiet) {
        console.out().print(CheckText.repaired(corruptionsFixed, leaksFixed));
      }
      report = pass(layer.storage(), options);
    }
    if (!quiet) {
      console
          .out()
          .print(
              json
                  ? CheckText.json(
                      report, corruptionsFixed, leaksFixed, fileName, image.formatName())
                  : CheckText.human(report));
    }
    if (report.checkErrors() > 0) {
      console.out().flush();
      throw new ImgException("Check failed");
    }
    return report.verdict().exitCode();
  }

  private static CheckReport pass(Storage storage, CheckOptions options) throws ImgException {
    try {
      CheckReport report = Qcow2Check.run(storage, options);
      if (report.failure() != null) {
        throw new ImgException("Check failed: " + report.failure());
      }
      return report;
    } catch (UnsupportedImageException e) {
      throw new ImgException("Check failed: File too large");
    } catch (IOException e) {
      throw new ImgException("Check failed: " + Failures.reason(e));
    }
  }

  private void tell(Console console, Finding finding) {
    if (finding.named()) {
      console.error(finding.text());
    } else {
      console.line(finding.text());
    }
  }

  private int checkOther(Console console, OpenedImage image) throws ImgException, IOException {
    if (!ForeignCheck.knows(image.top())) {
      throw new ImgException(NOT_SUPPORTED, "This image format does not support checks");
    }
    ForeignCheck.Result found = ForeignCheck.run(image.top(), console::line);
    if (found.failure() != null) {
      throw new ImgException("Check failed: " + found.failure());
    }
    CheckReport report = CheckReport.corrupt(found.corruptions());
    if (!quiet) {
      console
          .out()
          .print(
              json
                  ? CheckText.json(report, 0, 0, fileName, image.formatName())
                  : CheckText.human(report));
    }
    return report.verdict().exitCode();
  }
}
