// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.CorruptImageException;
import io.varve.image.ImageException;
import io.varve.image.UnsupportedImageException;
import io.varve.image.WrongFormatException;
import io.varve.image.qcow2.format.FeatureBits;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.format.HeaderArea;
import io.varve.image.qcow2.format.Limits;
import io.varve.image.qcow2.format.LuksExtension;
import io.varve.image.qcow2.format.Qcow2FormatException;
import io.varve.image.storage.NoSpaceException;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import org.jspecify.annotations.Nullable;

/// The image that is checked: its storage, its header, and its length when the check began.
final class CheckedImage {
  private final Storage storage;
  private HeaderArea area;
  private long fileLength;
  private final @Nullable LuksExtension luks;

  /// What the last question about holes has found: a hole, then data up to an end.
  private long knownFrom;

  private long dataStart;
  private long dataEnd;

  private CheckedImage(Storage storage, HeaderArea area, long fileLength)
      throws Qcow2FormatException {
    this.storage = storage;
    this.area = area;
    this.fileLength = fileLength;
    this.luks = area.luks().orElse(null);
  }

  /// @throws ImageException if the header is damaged, or asks for what Varve does not know: then
  ///   nothing can be said of the rest
  static CheckedImage open(Storage storage) throws IOException {
    long length = storage.size();
    ByteBuffer start = ByteBuffer.allocate((int) Math.min(length, 1L << Limits.MAX_CLUSTER_BITS));
    storage.read(0, start);
    CheckedImage image;
    try {
      HeaderArea area = HeaderArea.inspect(start.flip());
      area.requireSupported();
      image = new CheckedImage(storage, area, length);
    } catch (Qcow2FormatException e) {
      throw named(storage.name(), e);
    }
    if (image.clusters() > Integer.MAX_VALUE) {
      throw new UnsupportedImageException(
          storage.name()
              + ": "
              + image.clusters()
              + " host clusters are too many to check, the limit is 2^31; convert it to an image"
              + " with larger clusters");
    }
    return image;
  }

  /// Sets the bit that keeps others from writing to it; version 2 has none.
  void markCorrupt() throws IOException {
    if (header().version() >= 3 && !header().corrupt()) {
      long bits = header().incompatible() | FeatureBits.CORRUPT;
      storage.write(Header.INCOMPATIBLE_AT, ByteBuffer.allocate(8).putLong(bits).flip());
      area = area.withHeader(header().withIncompatible(bits));
    }
  }

  /// Takes over what a repair has changed in the header, and the file's new length.
  void reload() throws IOException {
    CheckedImage now = open(storage);
    area = now.area;
    fileLength = now.fileLength;
    dataEnd = 0;
  }

  private static ImageException named(String name, Qcow2FormatException e) {
    String message = name + ": " + e.getMessage();
    return switch (e.kind()) {
      case NOT_QCOW2 -> new WrongFormatException(message, e);
      case UNSUPPORTED -> new UnsupportedImageException(message, e);
      case CORRUPT -> new CorruptImageException(message, e);
    };
  }

  Storage storage() {
    return storage;
  }

  HeaderArea area() {
    return area;
  }

  /// Where the LUKS header lies, null where there is none.
  @Nullable LuksExtension luks() {
    return luks;
  }

  Header header() {
    return area.header();
  }

  Geometry geometry() {
    return header().geometry();
  }

  int clusterSize() {
    return header().clusterSize();
  }

  /// Bytes in the file.
  long fileLength() {
    return fileLength;
  }

  /// Host clusters of the file, the last one perhaps in part.
  long clusters() {
    return (fileLength >>> header().clusterBits()) + (fileLength % clusterSize() == 0 ? 0 : 1);
  }

  /// Makes the file longer, so that a structure behind its end lies in it.
  ///
  /// @return why that does not go, in the C library's words, or null
  @Nullable String growTo(long length) throws IOException {
    if (length < 0 || length >>> header().clusterBits() > Integer.MAX_VALUE) {
      return "File too large";
    }
    if (storage.capabilities().fixedSize()) {
      return "No space left on device";
    }
    try {
      storage.truncate(Math.max(length, fileLength));
    } catch (NoSpaceException e) {
      return "No space left on device";
    } catch (FileSystemException e) {
      return "File too large";
    }
    fileLength = Math.max(length, fileLength);
    dataEnd = 0;
    return null;
  }

  /// Big endian; bytes past the end of the file are zero.
  ByteBuffer read(long position, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    storage.read(position, bytes);
    return bytes.flip();
  }

  /// True if the range is known to hold zeros only, without reading it. Cheap for rising positions.
  boolean isHole(long position, long length) throws IOException {
    if (position < knownFrom || position >= dataEnd) {
      Storage.DataRange range = storage.nextData(position);
      knownFrom = position;
      dataStart = range == null ? Long.MAX_VALUE : range.position();
      dataEnd = range == null ? Long.MAX_VALUE : range.position() + range.length();
    }
    return position + length <= dataStart;
  }
}
