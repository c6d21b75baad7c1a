// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.BackingReference;
import io.varve.image.Preallocation;
import io.varve.image.UnsupportedImageException;
import io.varve.image.qcow2.Qcow2Amend;
import io.varve.image.qcow2.Qcow2Info;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.RefcountWidthChange;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.image.storage.Storage;
import io.varve.img.ImgException;
import io.varve.img.create.CreateOptions;
import io.varve.img.open.ImageResize;
import io.varve.img.open.OpenedImage;
import io.varve.img.open.StepWords;
import io.varve.img.text.ProgressText;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The changes of one `amend`, checked before the first of them.
final class Amendment {
  private final CreateOptions wanted;
  private final KeySlotChange keys;
  private final ProgressText progress;

  Amendment(CreateOptions wanted, KeySlotChange keys, ProgressText progress) {
    this.wanted = wanted;
    this.keys = keys;
    this.progress = progress;
  }

  /// Applies all; `image` is closed on the way, because a header is changed with nobody looking.
  void apply(OpenedImage image) throws ImgException, IOException {
    Qcow2Layer layer = (Qcow2Layer) image.top();
    Qcow2Info info = layer.info();
    int version = wantedVersion(info);
    int bits = (int) wanted.number("refcount_bits", info.refcountBits());
    Boolean lazy = wanted.has("lazy_refcounts") ? wanted.isOn("lazy_refcounts") : null;
    keys.requirePossible(layer);
    requirePossible(layer, info, version, bits, lazy);
    keys.apply(image);
    if (wanted.has("size")) {
      ImageResize.run(image.chain(), wanted.number("size", 0), Preallocation.OFF);
    }
    if (version < info.version()) {
      expandZeros(image, layer);
    }
    image.close();
    changeHeader(image, info, version, bits, lazy);
  }

  private int wantedVersion(Qcow2Info info) throws ImgException {
    String compat = wanted.get("compat");
    if (compat == null) {
      return info.version();
    }
    return switch (compat) {
      case "" -> info.version();
      case "0.10", "v2" -> 2;
      case "1.1", "v3" -> 3;
      default -> throw new ImgException("Unknown compatibility level " + compat);
    };
  }

  private void requirePossible(
      Qcow2Layer layer, Qcow2Info info, int version, int bits, @Nullable Boolean lazy)
      throws ImgException, IOException {
    if (bits <= 0 || bits > 64 || Integer.bitCount(bits) != 1) {
      throw new ImgException("Refcount width must be a power of two and may not exceed 64 bits");
    }
    if ((wanted.has("backing_file") || wanted.has("backing_fmt")) && !isBackingOf(layer)) {
      throw new ImgException("Cannot amend the backing file")
          .withHint("You can use 'qemu-img rebase' instead.");
    }
    Storage data = layer.mappedStorage();
    boolean external = data != null && data != layer.storage();
    if (wanted.has("data_file") && !external) {
      throw new ImgException("data-file can only be set for images that use an external data file");
    }
    if (wanted.isOn("data_file_raw") && !(external && info.rawDataFile())) {
      throw new ImgException("data-file-raw cannot be set on existing images");
    }
    if (version == 2 && bits != 16) {
      throw new ImgException(
          info.refcountBits() == bits && info.version() == 3
              ? "compat=0.10 requires refcount_bits=16"
              : "Refcount widths other than 16 bits require compatibility level 1.1 or above (use"
                  + " compat=1.1 or greater)");
    }
    if (Boolean.TRUE.equals(lazy) && version == 2) {
      throw new ImgException(
          "Lazy refcounts only supported with compatibility level 1.1 and above (use compat=1.1 or"
              + " greater)");
    }
  }

  /// To name the backing file that is there already changes nothing.
  private boolean isBackingOf(Qcow2Layer layer) {
    BackingReference backing = layer.backing().orElse(null);
    return backing != null
        && backing.name().equals(wanted.get("backing_file"))
        && Objects.equals(backing.format(), wanted.get("backing_fmt"));
  }

  private static void expandZeros(OpenedImage image, Qcow2Layer layer)
      throws ImgException, IOException {
    layer.flush();
    if (layer.info().refcountBits() == 16) {
      Qcow2Amend.requireDowngradable(layer.storage());
    }
    try {
      Qcow2Amend.requireNoZstd(layer);
      Qcow2Amend.expandZeros(layer, image.chain().below());
    } catch (UnsupportedImageException e) {
      throw e;
    } catch (IOException e) {
      throw new ImgException("Failed to turn zero into data clusters: " + StepWords.of(e));
    }
  }

  private void changeHeader(
      OpenedImage image, Qcow2Info info, int version, int bits, @Nullable Boolean lazy)
      throws IOException {
    try (FileStorage file =
        FileStorage.open(image.file(), FileAccess.READ_WRITE, LockMode.WRITER)) {
      if (version > info.version()) {
        Qcow2Amend.upgrade(file);
      }
      if (bits != info.refcountBits()) {
        RefcountWidthChange.run(file, bits, progress::advance);
      }
      if (wanted.has("data_file")) {
        Qcow2Amend.dataFile(file, String.valueOf(wanted.get("data_file")));
      }
      if (wanted.has("data_file_raw") && !wanted.isOn("data_file_raw")) {
        Qcow2Amend.clearRawDataFile(file);
      }
      if (lazy != null && version == 3) {
        Qcow2Amend.lazyRefcounts(file, lazy);
      }
      if (version < info.version()) {
        Qcow2Amend.downgrade(file);
      }
    }
  }
}
