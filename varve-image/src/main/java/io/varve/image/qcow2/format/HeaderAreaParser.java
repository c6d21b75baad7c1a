// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import static io.varve.image.qcow2.format.Qcow2FormatException.corrupt;
import static io.varve.image.qcow2.format.Qcow2FormatException.truncated;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads the extensions and the backing file name behind the header.
final class HeaderAreaParser {
  private static final String EXTENSION = "header extension";

  private HeaderAreaParser() {}

  static HeaderArea parse(ByteBuffer cluster0, boolean forUse) throws Qcow2FormatException {
    ByteBuffer src = cluster0.slice().order(ByteOrder.BIG_ENDIAN);
    Header header = Header.parse(src, forUse);
    List<HeaderExtension> extensions = extensions(src, header);
    return new HeaderArea(header, extensions, backing(src, header));
  }

  /// The list ends at its end marker, at the backing file name, or with the cluster. A file that
  /// ends earlier reads as zero there, as QEMU reads it: an end marker.
  private static List<HeaderExtension> extensions(ByteBuffer src, Header header)
      throws Qcow2FormatException {
    List<HeaderExtension> found = new ArrayList<>();
    readExtensions(src, header, endOf(header), found);
    return found;
  }

  /// The table of feature names, or null; damage behind it does not matter.
  static @Nullable Bytes featureNames(ByteBuffer src, Header header) {
    List<HeaderExtension> found = new ArrayList<>();
    try {
      readExtensions(src, header, endOf(header), found);
    } catch (Qcow2FormatException _) {
      // The feature that nobody knows is what to tell about.
    }
    for (HeaderExtension extension : found) {
      if (extension.magic() == HeaderExtension.FEATURE_NAMES) {
        return extension.data();
      }
    }
    return null;
  }

  private static int endOf(Header header) {
    return header.backingOffset() != 0 ? (int) header.backingOffset() : header.clusterSize();
  }

  private static void readExtensions(
      ByteBuffer src, Header header, int end, List<HeaderExtension> found)
      throws Qcow2FormatException {
    int at = header.headerLength();
    while (at < end && at < src.limit()) {
      long room = (long) end - at - HeaderExtension.PREFIX;
      if (room >= 0 && src.limit() - at < HeaderExtension.PREFIX) {
        throw truncated(EXTENSION, at, HeaderExtension.PREFIX, src.limit() - at);
      }
      long length = room < 0 ? 0 : src.getInt(at + 4) & 0xffff_ffffL;
      if (length > room) {
        throw corrupt(
            EXTENSION, at, "Header extension too large", "at most " + room + " bytes", length);
      }
      int magic = src.getInt(at);
      if (magic == HeaderExtension.END) {
        break;
      }
      int dataAt = at + HeaderExtension.PREFIX;
      if (src.limit() - dataAt < length) {
        throw truncated(EXTENSION, at, length, src.limit() - dataAt);
      }
      Bytes data = Bytes.take(src.duplicate().position(dataAt), (int) length);
      requireFormat(magic, data, at);
      if (magic == HeaderExtension.LUKS) {
        LuksExtension.parse(data, at, header.cryptMethod(), header.clusterSize());
      }
      found.add(new HeaderExtension(magic, data));
      at = dataAt + HeaderExtension.padded((int) length);
    }
  }

  private static void requireFormat(int magic, Bytes data, int at) throws Qcow2FormatException {
    if (magic == HeaderExtension.BITMAPS && data.length() != BitmapsExtension.LENGTH) {
      throw corrupt(
          EXTENSION,
          at,
          "bitmaps_ext: Invalid extension length",
          BitmapsExtension.LENGTH,
          data.length());
    }
    if (magic == HeaderExtension.BACKING_FORMAT && data.length() > Limits.MAX_BACKING_FORMAT) {
      throw corrupt(
          EXTENSION,
          at,
          "ERROR: ext_backing_format: len="
              + data.length()
              + " too large (>="
              + (Limits.MAX_BACKING_FORMAT + 1)
              + ")",
          "at most " + Limits.MAX_BACKING_FORMAT,
          data.length());
    }
  }

  private static @Nullable Bytes backing(ByteBuffer src, Header header)
      throws Qcow2FormatException {
    if (header.backingOffset() == 0 || header.backingSize() == 0) {
      return null;
    }
    int at = (int) header.backingOffset();
    if (src.limit() - at < header.backingSize()) {
      throw truncated("backing file name", at, header.backingSize(), Math.max(0, src.limit() - at));
    }
    return Bytes.take(src.duplicate().position(at), header.backingSize());
  }
}
