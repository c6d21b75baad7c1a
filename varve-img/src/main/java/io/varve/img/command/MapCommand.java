// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.Layer;
import io.varve.image.foreign.ForeignFormats;
import io.varve.image.foreign.VmdkInfo;
import io.varve.image.op.BlockStatus;
import io.varve.image.op.StatusReader;
import io.varve.image.storage.Storage;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.QemuImg;
import io.varve.img.args.GetOpt;
import io.varve.img.args.LongOption;
import io.varve.img.args.Sizes;
import io.varve.img.open.BackingNames;
import io.varve.img.open.Failures;
import io.varve.img.open.ImageSpec;
import io.varve.img.open.Images;
import io.varve.img.open.OpenHow;
import io.varve.img.open.OpenedImage;
import io.varve.img.text.HelpText;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `map`: what an image is made of, as a table or as JSON.
final class MapCommand implements Command {
  private static final int OUTPUT = 256;
  private static final int OBJECT = 257;
  private static final int IMAGE_OPTS = 258;
  private static final int COLUMN = 16;

  private @Nullable String format;
  private boolean imageOpts;
  private boolean json;
  private boolean share;
  private long start;
  private long most = Long.MAX_VALUE;
  private final List<String> objects = new ArrayList<>();

  @Override
  public int run(Console console, List<String> args) throws ImgException, IOException {
    GetOpt line =
        new GetOpt(
            console,
            args,
            "f:hs:l:U",
            LongOption.flag("help", 'h'),
            LongOption.value("format", 'f'),
            LongOption.value("output", OUTPUT),
            LongOption.value("object", OBJECT),
            LongOption.flag("image-opts", IMAGE_OPTS),
            LongOption.flag("force-share", 'U'),
            LongOption.value("start-offset", 's'),
            LongOption.value("max-length", 'l'));
    for (int c = line.next(); c != GetOpt.END; c = line.next()) {
      switch (c) {
        case 'f' -> format = line.argument();
        case 'U' -> share = true;
        case 's' -> start = Sizes.require("start offset", line.argument());
        case 'l' -> most = Sizes.require("max length", line.argument());
        case OUTPUT -> json = isJson(line.argument());
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
    OpenHow how = OpenHow.readOnly().withForceShare(share);
    try (OpenedImage image =
        images.open(new ImageSpec(line.rest().getFirst(), format, imageOpts), how)) {
      print(console, image);
    }
    return 0;
  }

  private static boolean isJson(String word) throws ImgException {
    return switch (word) {
      case "json" -> true;
      case "human" -> false;
      default -> throw new ImgException("--output must be used with human or json as argument.");
    };
  }

  private void print(Console console, OpenedImage image) throws ImgException {
    PrintStream out = console.out();
    out.print(json ? "[" : "Offset          Length          Mapped to       File\n");
    long size = image.chain().size();
    long end = most > size - start ? size : start + most;
    StatusReader reader = new StatusReader(image.chain());
    // An empty range is told as one empty stretch.
    Entry current = Entry.nothing(start);
    while (current.end() < end) {
      Entry next = next(reader, current.end(), end);
      if (current.length > 0 && current.continuedBy(next)) {
        current.length += next.length;
        continue;
      }
      if (current.length > 0) {
        dump(console, image, current, next);
      }
      current = next;
    }
    dump(console, image, current, null);
    if (json) {
      out.print("]\n");
    }
  }

  private static Entry next(StatusReader reader, long at, long end) throws ImgException {
    try {
      return new Entry(reader.at(at, end - at));
    } catch (IOException e) {
      throw new ImgException("Could not read file metadata: " + Failures.reason(e));
    }
  }

  private void dump(Console console, OpenedImage image, Entry entry, @Nullable Entry next)
      throws ImgException {
    PrintStream out = console.out();
    if (json) {
      out.print(entry.json());
      if (next != null) {
        out.print(",\n");
      }
      return;
    }
    if (entry.data && entry.host == null) {
      throw new ImgException("File contains external, encrypted or compressed clusters.");
    }
    if (entry.data && !entry.zero) {
      StringBuilder row = new StringBuilder();
      column(row, entry.start);
      column(row, entry.length);
      column(row, entry.offset);
      out.print(row.append(nameOf(console, image, entry.host)).append('\n'));
    }
    if (next != null && (!next.data || next.zero)) {
      // The table does not tell zeros from nothing, so that they are one stretch.
      next.data = false;
      next.zero = true;
    }
  }

  private static void column(StringBuilder row, long value) {
    int end = row.length() + COLUMN;
    row.append(value == 0 ? "0" : "0x" + Long.toHexString(value));
    while (row.length() < end) {
      row.append(' ');
    }
  }

  private static String nameOf(Console console, OpenedImage image, @Nullable Storage host) {
    List<Layer> layers = image.layers();
    for (int i = 0; i < layers.size(); i++) {
      String name = image.fileNames().get(i);
      if (layers.get(i).storage() == host && !name.startsWith("json:")) {
        return name;
      }
      if (layers.get(i).mappedStorage() == host && host != null) {
        return dataFile(console, name, host.name());
      }
      String extent = extentOf(layers.get(i), name, host);
      if (extent != null) {
        return extent;
      }
    }
    return host == null ? "" : host.name();
  }

  /// An external data file is named from the folder that its image is named from.
  private static String dataFile(Console console, String image, String path) {
    String here = console.resolve("") + "/";
    return !image.startsWith("/") && path.startsWith(here) ? path.substring(here.length()) : path;
  }

  /// The name of a file that a VMDK's descriptor names, where that is the one.
  private static @Nullable String extentOf(Layer layer, String image, @Nullable Storage host) {
    VmdkInfo vmdk = ForeignFormats.vmdk(layer).orElse(null);
    if (vmdk == null) {
      return null;
    }
    for (VmdkInfo.Extent extent : vmdk.extents()) {
      if (extent.file() == host && !extent.own()) {
        return BackingNames.besides(image, extent.name());
      }
    }
    return null;
  }

  /// One line of the output in the making.
  private static final class Entry {
    private final BlockStatus status;
    private final long start;
    private final long offset;
    private final @Nullable Storage host;
    private long length;
    private boolean data;
    private boolean zero;

    Entry(BlockStatus status) {
      this.status = status;
      this.start = status.start();
      this.offset = status.offset();
      this.host = status.host();
      this.length = status.length();
      this.data = status.data();
      this.zero = status.zero();
    }

    static Entry nothing(long at) {
      return new Entry(new BlockStatus(at, 0, 0, false, false, false, false, -1, null));
    }

    long end() {
      return start + length;
    }

    boolean continuedBy(Entry next) {
      return data == next.data
          && zero == next.zero
          && status.present() == next.status.present()
          && status.depth() == next.status.depth()
          && status.compressed() == next.status.compressed()
          && host == next.host
          && (offset < 0 ? next.offset < 0 : offset + length == next.offset);
    }

    String json() {
      String place = offset < 0 ? "" : ", \"offset\": " + offset;
      return "{ \"start\": "
          + start
          + ", \"length\": "
          + length
          + ", \"depth\": "
          + status.depth()
          + ", \"present\": "
          + status.present()
          + ", \"zero\": "
          + zero
          + ", \"data\": "
          + data
          + ", \"compressed\": "
          + status.compressed()
          + place
          + "}";
    }
  }
}
