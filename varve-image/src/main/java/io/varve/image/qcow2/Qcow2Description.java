// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import static io.varve.image.qcow2.format.Qcow2FormatException.corrupt;

import io.varve.image.qcow2.format.BitmapDirectoryEntry;
import io.varve.image.qcow2.format.BitmapsExtension;
import io.varve.image.qcow2.format.FeatureBits;
import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.format.HeaderArea;
import io.varve.image.qcow2.format.HeaderExtension;
import io.varve.image.qcow2.format.Qcow2FormatException;
import io.varve.image.qcow2.format.SnapshotEntry;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What an image says of itself, read without opening it: the header, the snapshots, the bitmaps.
/// No other file is touched, no table of guest data is read, so its cost does not follow the size
/// of the disk, and an image of unknown origin can be looked at.
///
/// @param area header, extensions, backing file name
/// @param encryption of guest data, null where there is none
/// @param snapshots in the order of the table
/// @param bitmaps in the order of their directory; empty where the image does not vouch for them
public record Qcow2Description(
    HeaderArea area,
    @Nullable Qcow2Encryption encryption,
    List<SnapshotEntry> snapshots,
    List<BitmapDirectoryEntry> bitmaps) {
  private static final String DIRECTORY = "bitmap directory";

  /// Reads it.
  ///
  /// @param notices hears what QEMU prints beside a result
  /// @throws io.varve.image.ImageException if QEMU would not open the image
  public static Qcow2Description read(Storage storage, Consumer<String> notices)
      throws IOException {
    HeaderArea area = HeaderFile.read(storage);
    Qcow2Encryption encryption = Qcow2Encryption.of(storage, area).orElse(null);
    Qcow2Opener.warnOfStaleBitmaps(area, notices);
    List<SnapshotEntry> snapshots =
        area.header().snapshotCount() == 0
            ? List.of()
            : Qcow2Opener.snapshots(storage, area.header()).entries();
    if (area.extension(HeaderExtension.BITMAPS).isPresent()) {
      // What nobody shows: but where it is damaged the image is refused as by any other open.
      Qcow2Opener.bitmaps(storage, area, null, _ -> {});
    }
    try {
      return new Qcow2Description(area, encryption, snapshots, bitmaps(storage, area));
    } catch (Qcow2FormatException e) {
      throw FormatErrors.named(storage.name(), e);
    }
  }

  private static List<BitmapDirectoryEntry> bitmaps(Storage storage, HeaderArea area)
      throws IOException {
    Header header = area.header();
    if ((header.autoclear() & FeatureBits.BITMAPS) == 0) {
      return List.of();
    }
    for (HeaderExtension extension : area.extensions()) {
      if (extension.magic() == HeaderExtension.BITMAPS) {
        return directory(
            storage, header, BitmapsExtension.parse(extension.data(), header.geometry()));
      }
    }
    return List.of();
  }

  private static List<BitmapDirectoryEntry> directory(
      Storage storage, Header header, BitmapsExtension extension) throws IOException {
    long offset = extension.directoryOffset();
    if (extension.directorySize() > storage.size()) {
      throw corrupt(
          DIRECTORY,
          offset,
          "Broken bitmap directory",
          "at most " + storage.size() + " bytes",
          extension.directorySize());
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) extension.directorySize());
    storage.read(offset, bytes);
    bytes.flip();
    List<BitmapDirectoryEntry> entries = new ArrayList<>();
    while (bytes.hasRemaining()) {
      if (entries.size() == extension.bitmaps()) {
        throw corrupt(
            DIRECTORY,
            offset,
            "More bitmaps found than specified in header extension",
            extension.bitmaps(),
            entries.size() + 1);
      }
      entries.add(BitmapDirectoryEntry.parse(bytes, header.geometry()));
    }
    if (entries.size() < extension.bitmaps()) {
      throw corrupt(
          DIRECTORY,
          offset,
          "Less bitmaps found than specified in header extension",
          extension.bitmaps(),
          entries.size());
    }
    return entries;
  }
}
