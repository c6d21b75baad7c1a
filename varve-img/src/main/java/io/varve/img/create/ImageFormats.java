// SPDX-License-Identifier: Apache-2.0
package io.varve.img.create;

import io.varve.img.ImgException;
import java.util.ArrayList;
import java.util.List;

/// The formats by name: which are known, which can be created.
public final class ImageFormats {
  private ImageFormats() {}

  /// True for every name that QEMU knows as a format or protocol of images.
  public static boolean isKnown(String name) {
    return switch (name) {
      case "raw",
          "qcow2",
          "vmdk",
          "vpc",
          "vhdx",
          "vdi",
          "qcow",
          "qed",
          "luks",
          "parallels",
          "bochs",
          "cloop",
          "dmg",
          "file",
          "host_device",
          "host_cdrom",
          "nbd",
          "http",
          "https",
          "ftp",
          "ftps",
          "ssh",
          "iscsi",
          "rbd",
          "nfs",
          "gluster",
          "null-co",
          "null-aio",
          "blkdebug",
          "blkverify",
          "blklogwrites",
          "compress",
          "copy-on-read",
          "copy-before-write",
          "preallocate",
          "quorum",
          "replication",
          "snapshot-access",
          "throttle",
          "vvfat",
          "nvme" ->
          true;
      default -> false;
    };
  }

  /// The options of a format that can be created.
  ///
  /// @throws ImgException in QEMU's words for a name that is none, or a format that nobody writes;
  ///   by name for one that QEMU writes and Varve does not
  static List<OptionDesc> requireCreatable(String format) throws ImgException {
    List<OptionDesc> options = OptionLists.ofFormat(format);
    if (options != null) {
      return options;
    }
    if (!isKnown(format)) {
      throw new ImgException("Unknown file format '" + format + "'");
    }
    switch (format) {
      case "vmdk", "vpc", "vhdx", "vdi", "qcow", "qed", "luks", "parallels", "nbd", "ssh", "rbd" ->
          throw new ImgException(
              "creating images of format '" + format + "' is not supported by Varve");
      default ->
          throw new ImgException("Format driver '" + format + "' does not support image creation");
    }
  }

  /// What may be said of a new image of this format at this place.
  ///
  /// @throws ImgException as `qemu-img create` refuses a format or place
  public static CreateOptions optionsFor(String format, String fileName) throws ImgException {
    List<OptionDesc> options = new ArrayList<>(requireCreatable(format));
    io.varve.img.open.Protocols.plainName(fileName);
    OptionLists.file(options);
    return new CreateOptions(format, options);
  }

  /// The options of a format for measuring: as for creating, wherever the file will lie.
  ///
  /// @throws ImgException for a format that cannot be measured
  public static CreateOptions measurable(String format) throws ImgException {
    if (format.equals("qcow2") || format.equals("raw")) {
      return new CreateOptions(format, OptionLists.file(new ArrayList<>(requireCreatable(format))));
    }
    throw new ImgException(
        isKnown(format)
            ? "Block driver '" + format + "' does not support size measurement"
            : "Unknown file format '" + format + "'");
  }
}
