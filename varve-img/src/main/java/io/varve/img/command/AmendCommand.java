// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.BackingReference;
import io.varve.image.qcow2.Qcow2Info;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.QemuImg;
import io.varve.img.args.GetOpt;
import io.varve.img.args.KeyValues;
import io.varve.img.args.LongOption;
import io.varve.img.args.Sizes;
import io.varve.img.open.ImageSpec;
import io.varve.img.open.Images;
import io.varve.img.open.OpenHow;
import io.varve.img.open.OpenedImage;
import io.varve.img.text.HelpText;
import io.varve.img.text.ProgressText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `amend`: changes options of an image that exists.
final class AmendCommand implements Command {
  private static final int OBJECT = 256;
  private static final int IMAGE_OPTS = 257;
  private static final int FORCE = 258;

  private final List<KeyValues.Entry> wanted = new ArrayList<>();
  private @Nullable String format;
  private boolean imageOpts;
  private boolean optionsGiven;
  private boolean progress;

  @Override
  public int run(Console console, List<String> args) throws ImgException, IOException {
    Images images = new Images(console);
    GetOpt options =
        new GetOpt(
            console,
            args,
            "ho:f:t:pq",
            LongOption.flag("help", 'h'),
            LongOption.value("options", 'o'),
            LongOption.value("format", 'f'),
            LongOption.value("cache", 't'),
            LongOption.flag("progress", 'p'),
            LongOption.flag("quiet", 'q'),
            LongOption.value("object", OBJECT),
            LongOption.flag("image-opts", IMAGE_OPTS),
            LongOption.flag("force", FORCE));
    for (int c = options.next(); c != GetOpt.END; c = options.next()) {
      switch (c) {
        case 'h' -> {
          HelpText.print(console);
          return 0;
        }
        case 'o' -> {
          optionsGiven = true;
          wanted.addAll(KeyValues.parse(options.argument(), null).entries());
        }
        case 'f' -> format = options.argument();
        case 'p' -> progress = true;
        case 't', 'q', FORCE -> {}
        case OBJECT -> images.objects().add(options.argument());
        case IMAGE_OPTS -> imageOpts = true;
        default -> throw new IllegalStateException("option " + c);
      }
    }
    if (!optionsGiven) {
      throw QemuImg.usage(console, "Must specify options (-o)");
    }
    if (options.rest().size() != 1) {
      throw QemuImg.usage(console, "Expecting one image file name");
    }
    ImageSpec spec = new ImageSpec(options.rest().getFirst(), format, imageOpts);
    try (OpenedImage image = images.open(spec, OpenHow.readWrite())) {
      if (!(image.top() instanceof Qcow2Layer layer)) {
        throw new ImgException(
            "Format driver '" + image.formatName() + "' does not support option amendment");
      }
      ProgressText text = new ProgressText(console, progress);
      text.set(0);
      amend(image, layer);
      text.set(100);
      text.end();
    }
    return 0;
  }

  private void amend(OpenedImage image, Qcow2Layer layer) throws ImgException, IOException {
    Qcow2Info info = layer.info();
    for (KeyValues.Entry option : wanted) {
      requirePossible(option.key(), option.value(), info);
    }
    for (KeyValues.Entry option : wanted) {
      if (option.key().equals("size")) {
        image.chain().resize(Sizes.require("image size", option.value()));
      } else if (option.key().equals("lazy_refcounts")) {
        layer.setLazyRefcounts(isOn(option.value()));
      }
    }
    String base = value("backing_file");
    String baseFormat = value("backing_fmt");
    if (base != null || baseFormat != null) {
      changeBacking(layer, info, base, baseFormat);
    }
  }

  private static void changeBacking(
      Qcow2Layer layer, Qcow2Info info, @Nullable String base, @Nullable String baseFormat)
      throws IOException {
    BackingReference old = info.backing().orElse(null);
    String name = base != null ? base : old == null ? "" : old.name();
    String format = baseFormat != null ? baseFormat : old == null ? null : old.format();
    layer.setBacking(name.isEmpty() ? null : new BackingReference(name, format));
  }

  private @Nullable String value(String key) {
    String found = null;
    for (KeyValues.Entry option : wanted) {
      if (option.key().equals(key)) {
        found = option.value();
      }
    }
    return found;
  }

  private static boolean isOn(String value) {
    return value.equals("on") || value.equals("yes") || value.equals("true");
  }

  private static void requirePossible(String key, String value, Qcow2Info info)
      throws ImgException {
    switch (key) {
      case "size", "backing_file", "backing_fmt" -> {}
      case "compat" -> requireCompat(value, info);
      case "refcount_bits" -> {
        if (!value.equals(Integer.toString(info.refcountBits()))) {
          throw new ImgException("amending refcount_bits is not supported by Varve yet");
        }
      }
      case "lazy_refcounts" -> {
        if (isOn(value) && info.version() < 3) {
          throw new ImgException(
              "Lazy refcounts only supported with compatibility level 1.1 and above (use compat=1.1"
                  + " or greater)");
        }
      }
      case "data_file", "data_file_raw" ->
          throw new ImgException("amending " + key + " is not supported by Varve yet");
      case "cluster_size",
          "preallocation",
          "extended_l2",
          "compression_type",
          "encryption",
          "nocow",
          "extent_size_hint" ->
          throw new ImgException("Invalid parameter '" + key + "'")
              .withHint("This option is only supported for image creation");
      default -> {
        if (key.startsWith("encrypt.")) {
          throw new ImgException("amending " + key + " is not supported by Varve yet");
        }
        throw new ImgException("Invalid parameter '" + key + "'");
      }
    }
  }

  private static void requireCompat(String value, Qcow2Info info) throws ImgException {
    int version =
        switch (value) {
          case "0.10", "v2" -> 2;
          case "1.1", "v3" -> 3;
          default -> throw new ImgException("Unknown compatibility level " + value);
        };
    if (version != info.version()) {
      throw new ImgException("amending compat is not supported by Varve yet");
    }
  }
}
