// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.BitmapException;
import io.varve.image.Layer;
import io.varve.image.UnsupportedImageException;
import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.InternalSnapshots;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.SnapshotRequest;
import io.varve.image.qcow2.bitmap.BitmapState;
import io.varve.image.storage.Storage;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.QemuImg;
import io.varve.img.args.GetOpt;
import io.varve.img.args.LongOption;
import io.varve.img.open.ChainBuilder;
import io.varve.img.open.Failures;
import io.varve.img.open.ImageSpec;
import io.varve.img.open.Images;
import io.varve.img.open.OpenHow;
import io.varve.img.open.OpenedImage;
import io.varve.img.text.HelpText;
import io.varve.img.text.SnapshotText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `snapshot`: lists, takes, applies and deletes internal snapshots.
///
/// Names mean what they mean to QEMU: `-a` takes an id before a name, `-d` a name only, and `-c`
/// gives any name, also one that is there already.
final class SnapshotCommand implements Command {
  private static final int OBJECT = 256;
  private static final int IMAGE_OPTS = 257;
  private static final int MAX_NAME_BYTES = 255;

  private char action;
  private String name = "";
  private @Nullable String format;
  private boolean imageOpts;
  private boolean forceShare;
  private boolean external;
  private List<BitmapState> bitmaps = List.of();

  @Override
  public int run(Console console, List<String> args) throws ImgException, IOException {
    Images images = new Images(console);
    GetOpt options =
        new GetOpt(
            console,
            args,
            "la:c:d:hqUf:",
            LongOption.flag("help", 'h'),
            LongOption.flag("list", 'l'),
            LongOption.value("apply", 'a'),
            LongOption.value("create", 'c'),
            LongOption.value("delete", 'd'),
            LongOption.flag("quiet", 'q'),
            LongOption.flag("force-share", 'U'),
            LongOption.value("format", 'f'),
            LongOption.value("object", OBJECT),
            LongOption.flag("image-opts", IMAGE_OPTS));
    for (int c = options.next(); c != GetOpt.END; c = options.next()) {
      switch (c) {
        case 'h' -> {
          HelpText.print(console);
          return 0;
        }
        case 'l' -> choose(console, 'l', "");
        case 'a', 'c', 'd' -> choose(console, (char) c, options.argument());
        case 'q' -> {}
        case 'U' -> forceShare = true;
        case 'f' -> format = options.argument();
        case OBJECT -> images.objects().add(options.argument());
        case IMAGE_OPTS -> imageOpts = true;
        default -> throw new IllegalStateException("option " + c);
      }
    }
    if (options.rest().size() != 1) {
      throw QemuImg.usage(console, "Expecting one image file name");
    }
    boolean changes = action == 'a' || action == 'c' || action == 'd';
    OpenHow how = OpenHow.readOnly().withWritable(changes).withForceShare(forceShare);
    ImageSpec spec = new ImageSpec(options.rest().getFirst(), format, imageOpts);
    try (OpenedImage image = images.open(spec, how)) {
      if (action == 'a' && image.formatName().equals("raw") && image.probed()) {
        // QEMU looks for the snapshot beneath the format, and opens that again.
        ChainBuilder.warnOfRaw(console, image.fileName());
      }
      act(console, image.top());
    }
    return 0;
  }

  private void choose(Console console, char chosen, String snapshot) throws ImgException {
    if (action != 0) {
      throw QemuImg.usage(console, "Cannot mix '-l', '-a', '-c', '-d'");
    }
    action = chosen;
    name = snapshot;
  }

  private void act(Console console, Layer layer) throws ImgException, IOException {
    InternalSnapshots snapshots = layer instanceof Qcow2Layer qcow2 ? qcow2.snapshots() : null;
    Storage data = layer instanceof Qcow2Layer ? layer.mappedStorage() : null;
    external = data != null && data != layer.storage();
    bitmaps = layer instanceof Qcow2Layer qcow2 ? qcow2.bitmaps().list() : List.of();
    switch (action) {
      case 'c' -> create(snapshots);
      case 'a' -> apply(snapshots);
      case 'd' -> delete(snapshots);
      default -> {
        List<InternalSnapshot> all = snapshots == null ? List.of() : snapshots.list();
        if (!all.isEmpty()) {
          console.out().print(SnapshotText.table(all));
        }
      }
    }
  }

  private void create(@Nullable InternalSnapshots snapshots) throws ImgException {
    String failed = "Could not create snapshot '" + name + "'";
    if (snapshots == null) {
      throw new ImgException(failed + ": Operation not supported");
    }
    if (external) {
      throw new ImgException(failed + ": Operation not supported");
    }
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    String kept =
        bytes.length <= MAX_NAME_BYTES
            ? name
            : new String(Arrays.copyOf(bytes, MAX_NAME_BYTES), StandardCharsets.UTF_8);
    try {
      // A tool knows of no instructions; QEMU's tool says 0 all the same.
      snapshots.take(SnapshotRequest.ofDisk(kept, Clock.systemUTC().instant()).withIcount(0));
    } catch (UnsupportedImageException e) {
      throw new ImgException(failed + ": Invalid argument");
    } catch (IOException e) {
      throw new ImgException(failed + ": " + Failures.reason(e));
    }
  }

  private void apply(@Nullable InternalSnapshots snapshots) throws ImgException, IOException {
    String failed = "Could not apply snapshot '" + name + "'";
    if (snapshots == null) {
      throw new ImgException(failed + ": Block driver does not support snapshots");
    }
    if (!bitmaps.isEmpty()) {
      throw new ImgException(failed + ": Device has active dirty bitmaps");
    }
    if (external) {
      throw new ImgException(failed + ": Failed to load snapshot: Operation not supported");
    }
    List<InternalSnapshot> all = snapshots.list();
    int found = indexOf(all, true);
    if (found < 0) {
      found = indexOf(all, false);
    }
    if (found < 0) {
      throw new ImgException(failed + ": Failed to load snapshot: No such file or directory");
    }
    try {
      snapshots.applyAt(found);
    } catch (BitmapException e) {
      throw new ImgException(failed + ": " + e.reason());
    } catch (UnsupportedImageException e) {
      throw new ImgException(failed + ": Failed to load snapshot: Operation not supported");
    } catch (IOException e) {
      throw new ImgException(failed + ": Failed to load snapshot: " + Failures.reason(e));
    }
  }

  private void delete(@Nullable InternalSnapshots snapshots) throws ImgException, IOException {
    String failed = "Could not delete snapshot '" + name + "'";
    int found = snapshots == null ? -1 : indexOf(snapshots.list(), false);
    if (snapshots == null || found < 0) {
      throw new ImgException(failed + ": snapshot not found");
    }
    try {
      snapshots.deleteAt(found);
    } catch (IOException e) {
      throw new ImgException(failed + ": " + Failures.reason(e));
    }
  }

  private int indexOf(List<InternalSnapshot> all, boolean byId) {
    for (int i = 0; i < all.size(); i++) {
      if ((byId ? all.get(i).id() : all.get(i).name()).equals(name)) {
        return i;
      }
    }
    return -1;
  }
}
