// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;
import org.jspecify.annotations.Nullable;

/// Opens images for one run of a command; holds what `--object` made.
public final class Images {
  private final Console console;
  private final Objects objects;

  public Images(Console console) {
    this.console = console;
    this.objects = new Objects(console.directory());
  }

  /// The objects of this run.
  public Objects objects() {
    return objects;
  }

  /// The console of this run.
  public Console console() {
    return console;
  }

  /// Opens an image and, unless told otherwise, its backing files.
  ///
  /// @throws ImgException `Could not open 'NAME': …`
  public OpenedImage open(ImageSpec spec, OpenHow how) throws ImgException {
    requireOneFormat(spec);
    try {
      return openPlainly(spec, how);
    } catch (ImgException e) {
      throw e.after("Could not open '" + spec.name() + "'");
    }
  }

  /// As [#open], without the image's name in front of what went wrong.
  public OpenedImage openPlainly(ImageSpec spec, OpenHow how) throws ImgException {
    requireOneFormat(spec);
    return new ChainBuilder(console, objects, how).open(NodeRequest.of(spec));
  }

  private static void requireOneFormat(ImageSpec spec) throws ImgException {
    if (spec.imageOpts() && spec.format() != null) {
      throw new ImgException("--image-opts and --format are mutually exclusive");
    }
  }

  /// Opens an image's file, read-only, and finds out its format without entering it.
  ///
  /// @throws ImgException without the image's name in front
  public ImageFile openFile(ImageSpec spec, boolean forceShare) throws ImgException {
    return new ImageFile(new NodeOpener(console, forceShare).find(NodeRequest.of(spec), false));
  }

  /// Opens an image by a name, by options, or by both, as `qemu-io` does: a failure is told without
  /// the name in front.
  ///
  /// @param fileName a file name or a `json:` name, null where the options name the file
  public OpenedImage openNode(@Nullable String fileName, OptionTree options, OpenHow how)
      throws ImgException {
    return new ChainBuilder(console, objects, how).open(NodeRequest.of(fileName, options));
  }
}
