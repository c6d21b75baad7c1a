// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.chain.Chain;
import io.varve.image.op.ConvertOp;
import io.varve.image.op.ConvertOptions;
import io.varve.image.op.StepException;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.create.CreateOptions;
import io.varve.img.create.ImageCreator;
import io.varve.img.create.ImageFormats;
import io.varve.img.create.OptionHelp;
import io.varve.img.open.ImageSpec;
import io.varve.img.open.Images;
import io.varve.img.open.OpenHow;
import io.varve.img.open.OpenedImage;
import io.varve.img.open.StepWords;
import io.varve.img.text.HelpText;
import io.varve.img.text.ProgressText;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// `convert`: copies images, one behind the other, into another one.
final class ConvertCommand implements Command {
  @Override
  public int run(Console console, List<String> args) throws ImgException, IOException {
    ConvertRequest request = ConvertRequest.of(console, args);
    if (request.help) {
      HelpText.print(console);
      return 0;
    }
    if (request.optionHelp()) {
      OptionHelp.print(console, Objects.requireNonNull(request.targetFormat), request.target);
      return 0;
    }
    return new Run(console, request).run();
  }

  /// One conversion.
  private static final class Run {
    private final Console console;
    private final ConvertRequest request;
    private final Images images;
    private final String target;
    private @Nullable CreateOptions wanted;

    Run(Console console, ConvertRequest request) {
      this.console = console;
      this.request = request;
      this.images = new Images(console);
      this.target = Objects.requireNonNull(request.target);
    }

    int run() throws ImgException, IOException {
      images.objects().addAll(request.objects);
      CacheModes.require(request.sourceCache, "Invalid source cache option");
      ProgressText text = new ProgressText(console, request.progress && !request.quiet);
      text.set(0);
      try (ConvertSources sources = new ConvertSources(images, request)) {
        convert(sources, text);
        text.set(100);
        return 0;
      } finally {
        text.end();
      }
    }

    private void convert(ConvertSources sources, ProgressText text)
        throws ImgException, IOException {
      if (!request.noCreate) {
        chooseOptions(sources.size());
      }
      boolean overBase = chooseBase();
      if (request.bitmaps && request.sources.size() > 1) {
        throw new ImgException("Copying bitmaps only possible with single source");
      }
      BitmapCopy bitmaps =
          request.bitmaps
              ? new BitmapCopy(console, sources.first().top(), request.skipBroken)
              : null;
      CacheModes.require(request.cache, "Invalid cache option");
      try (OpenedImage to = openTarget()) {
        if (bitmaps != null) {
          bitmaps.requireTarget(to.top(), to.formatName());
        }
        requireFit(to, sources.size());
        if (request.cache.equals("unsafe")) {
          Unflushed.ignoreFlushes(to);
        }
        copy(sources.chains(), to.chain(), overBase, text);
        if (bitmaps != null && to.top() instanceof Qcow2Layer layer) {
          bitmaps.copyTo(layer);
        }
      }
    }

    private void chooseOptions(long size) throws ImgException {
      String format = Objects.requireNonNull(request.targetFormat);
      CreateOptions options = ImageFormats.optionsFor(format, target);
      if (request.options != null) {
        options.parse(request.options);
      }
      options.set("size", Long.toString(size));
      nameBacking(options, "backing_file", request.backing, "Backing file");
      nameBacking(options, "backing_fmt", request.backingFormat, "Backing file format");
      wanted = options;
    }

    private static void nameBacking(
        CreateOptions options, String option, @Nullable String value, String what)
        throws ImgException {
      if (value == null) {
        return;
      }
      if (!options.knows(option)) {
        throw new ImgException(what + " not supported for file format '" + options.format() + "'");
      }
      options.set(option, value);
    }

    /// True if the target has a base that shows through where the source's top layer holds nothing.
    private boolean chooseBase() throws ImgException {
      String base = wanted == null ? request.backing : wanted.get("backing_file");
      if (base != null && request.sources.size() > 1) {
        throw new ImgException(
            "Having a backing file for the target makes no sense when concatenating multiple input"
                + " images");
      }
      if (wanted != null && base != null && wanted.get("backing_fmt") == null) {
        throw new ImgException("Use of backing file requires explicit backing format");
      }
      if (base != null && request.targetIsZero) {
        throw new ImgException(
            "Cannot use --target-is-zero when the destination image has a backing file");
      }
      if (request.compress && wanted != null) {
        requireCompressible(wanted);
      }
      return base != null;
    }

    private static void requireCompressible(CreateOptions options) throws ImgException {
      if (!options.format().equals("qcow2")) {
        throw new ImgException("Compression not supported for this file format");
      }
      if (options.isOn("encryption") || options.has("encrypt.format")) {
        throw new ImgException("Compression and encryption not supported at the same time");
      }
      String preallocation = options.get("preallocation");
      if (preallocation != null && !preallocation.equals("off")) {
        throw new ImgException("Compression and preallocation not supported at the same time");
      }
    }

    private OpenedImage openTarget() throws ImgException {
      OpenHow how = OpenHow.readWrite().withCache(request.cache);
      CreateOptions options = wanted;
      if (options == null) {
        return images.open(
            new ImageSpec(target, request.targetFormat, request.targetImageOpts), how);
      }
      try {
        ImageCreator.create(images, target, options);
      } catch (ImgException e) {
        throw e.after(target + ": error while converting " + options.format());
      }
      String secret = options.get("encrypt.key-secret");
      if (secret == null) {
        return images.open(ImageSpec.of(target, options.format()), how);
      }
      String spec =
          "driver="
              + options.format()
              + ",encrypt.key-secret="
              + secret
              + ",file.filename="
              + target.replace(",", ",,");
      try {
        return images.openPlainly(new ImageSpec(spec, null, true), how);
      } catch (ImgException e) {
        throw e.after("Could not open '" + target + "'");
      }
    }

    private void requireFit(OpenedImage to, long size) throws ImgException {
      if (request.compress && !(to.top() instanceof Qcow2Layer)) {
        throw new ImgException("Compression not supported for this file format");
      }
      if (request.noCreate && to.chain().size() < size) {
        throw new ImgException("output file is smaller than input file");
      }
    }

    private void copy(List<Chain> from, Chain to, boolean overBase, ProgressText text)
        throws ImgException, IOException {
      boolean zeroed =
          request.targetIsZero
              || (!request.noCreate
                  && !overBase
                  && request.sparse != 0
                  && ConvertOp.startsAsZero(to));
      ConvertOptions options =
          ConvertOptions.defaults()
              .withSparse(request.sparse)
              .withCompressed(request.compress)
              .withZeroed(zeroed)
              .withInOrder(!request.outOfOrder)
              .withOffload(request.offload)
              .withThreads(threads())
              .withThrottle(RateLimit.of(request.rate));
      if (overBase) {
        List<io.varve.image.Layer> layers = to.layers();
        options = options.withBaseSize(layers.size() > 1 ? layers.get(1).size() : Long.MAX_VALUE);
      }
      if (request.salvage) {
        options = options.withSalvage(this::warnOfLoss);
      }
      if (request.progress && !request.quiet) {
        options = options.withProgress(text);
      }
      try {
        ConvertOp.convert(from, to, options);
      } catch (StepException e) {
        throw words(e);
      }
    }

    /// Beside whoever reads, somebody writes; for compression each processor has work.
    private int threads() {
      int most = request.compress ? Runtime.getRuntime().availableProcessors() + 1 : 2;
      return Math.min(request.threads, most);
    }

    private void warnOfLoss(StepException lost) {
      if (!request.quiet) {
        String what =
            lost.step() == StepException.Step.STATUS ? "block status at offset" : "offset";
        console.warning(
            "error while reading " + what + " " + lost.offset() + ": " + StepWords.of(lost));
      }
    }

    private static ImgException words(StepException e) {
      String reason = StepWords.of(e);
      return new ImgException(
          switch (e.step()) {
            case STATUS ->
                "error while reading block status at offset " + e.offset() + ": " + reason;
            case READ -> "error while reading at byte " + e.offset() + ": " + reason;
            case WRITE -> "error while writing at byte " + e.offset() + ": " + reason;
          });
    }
  }
}
