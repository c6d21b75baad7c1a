// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import io.varve.image.CorruptImageException;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The text that describes a VMDK: a file of its own, or a part of the only file.
///
/// ```
/// CID=123a681e
/// parentCID=ffffffff
/// createType="twoGbMaxExtentFlat"
/// RW 4192256 FLAT "disk-f001.vmdk" 0
/// parentFileNameHint="base.vmdk"
/// ```
final class VmdkDescriptor {
  /// Longer text is not read.
  private static final int MOST_BYTES = (1 << 20) - 1;

  /// Bytes in which identifiers and the parent are looked for.
  private static final int HEAD_BYTES = 20 * 512;

  private static final int MOST_EXTENTS = 4096;
  private static final int MOST_PARENT_NAME = 1023;
  private static final long MOST_SECTORS = 1L << 53;

  private final String text;

  private VmdkDescriptor(String text) {
    this.text = text;
  }

  /// A line that names an extent.
  ///
  /// @param flatOffset sectors before the data in the file, 0 for other types than FLAT
  record ExtentLine(long sectors, String type, String file, long flatOffset) {}

  /// Reads it from a place of the file, up to the first NUL.
  static VmdkDescriptor read(Storage file, long at) throws IOException {
    return new VmdkDescriptor(text(file, at, MOST_BYTES));
  }

  private static String text(Storage file, long at, int most) throws IOException {
    int length = Math.clamp(file.size() - at, 0, most);
    ByteBuffer bytes = ByteBuffer.allocate(length);
    file.read(at, bytes);
    int end = 0;
    while (end < length && bytes.get(end) != 0) {
      end++;
    }
    return new String(bytes.array(), 0, end, StandardCharsets.UTF_8);
  }

  /// The part of the text in which QEMU looks for identifiers and the parent.
  static VmdkDescriptor head(Storage file, long at) throws IOException {
    return new VmdkDescriptor(text(file, at, HEAD_BYTES));
  }

  /// The value of `NAME="value"`, null where there is none that fits.
  @Nullable String quoted(String name, int most) {
    int at = text.indexOf(name);
    if (at < 0) {
      return null;
    }
    int from = Math.min(text.length(), at + name.length() + 2);
    int end = text.indexOf('"', from);
    return end < 0 || end - from > most ? null : text.substring(from, end);
  }

  /// The number that tells whether the content changed.
  ///
  /// @throws CorruptImageException where none is stated, as in QEMU
  long cid(Storage file) throws CorruptImageException {
    return hex(file, "CID=");
  }

  /// The number that the parent's content had, 0xffffffff without a parent.
  long parentCid(Storage file) throws CorruptImageException {
    return hex(file, "parentCID=");
  }

  private long hex(Storage file, String name) throws CorruptImageException {
    int at = text.indexOf(name);
    if (at < 0) {
      throw Refused.invalid(file, "the VMDK descriptor states no " + name);
    }
    long value = 0;
    int from = at + name.length();
    int digits = 0;
    while (from + digits < text.length() && Character.digit(text.charAt(from + digits), 16) >= 0) {
      value = (value << 4 | Character.digit(text.charAt(from + digits), 16)) & 0xffff_ffffL;
      digits++;
    }
    if (digits == 0) {
      throw Refused.invalid(file, "the VMDK descriptor states no number for " + name);
    }
    return value;
  }

  /// The image that this one lacks data to, null for none.
  @Nullable String parent(Storage file) throws IOException {
    if (!text.contains("parentFileNameHint")) {
      return null;
    }
    String name = quoted("parentFileNameHint", MOST_PARENT_NAME);
    if (name == null) {
      throw Refused.invalid(file, "the VMDK descriptor names its parent in no way that ends");
    }
    return name.isEmpty() ? null : name;
  }

  /// The extents, in the order of the disk.
  List<ExtentLine> extents(Storage file) throws IOException {
    List<ExtentLine> extents = new ArrayList<>();
    long total = 0;
    int at = 0;
    while (at < text.length()) {
      int end = text.indexOf('\n', at);
      String line = text.substring(at, end < 0 ? text.length() : end);
      at = end < 0 ? text.length() : end + 1;
      ExtentLine extent = extent(file, line);
      if (extent != null) {
        extents.add(extent);
        total += Math.min(extent.sectors(), MOST_SECTORS);
      }
      if (extents.size() > MOST_EXTENTS || total > MOST_SECTORS) {
        throw Refused.invalid(file, "the VMDK descriptor names more extents than can be");
      }
    }
    return extents;
  }

  /// `RW SECTORS TYPE "FILE" [OFFSET]`; other lines are none of ours.
  private static @Nullable ExtentLine extent(Storage file, String line) throws IOException {
    int open = line.indexOf('"');
    int close = open < 0 ? -1 : line.indexOf('"', open + 1);
    String[] words = (open < 0 ? line : line.substring(0, open)).strip().split("[ \t]+", -1);
    Long sectors = words.length == 3 ? number(words[1]) : null;
    boolean named = open >= 0 && (close < 0 ? open + 1 < line.length() : close > open + 1);
    if (!named || sectors == null || !words[0].equals("RW")) {
      return null;
    }
    String type = words[2];
    String rest = close < 0 ? "" : line.substring(close + 1).strip();
    Long offset = rest.isEmpty() ? null : number(rest.split("[ \t]+", -1)[0]);
    boolean flat = type.equals("FLAT");
    if (flat ? offset == null || offset < 0 : offset != null) {
      throw Refused.corrupt(file, "Invalid extent line: " + line);
    }
    if (sectors <= 0 || !known(type)) {
      return null;
    }
    String name = line.substring(open + 1, close < 0 ? line.length() : close);
    return new ExtentLine(sectors, type, name, offset == null ? 0 : offset);
  }

  private static boolean known(String type) {
    return type.equals("FLAT")
        || type.equals("SPARSE")
        || type.equals("VMFS")
        || type.equals("VMFSSPARSE")
        || type.equals("SESPARSE");
  }

  private static @Nullable Long number(String word) {
    int end = word.startsWith("-") ? 1 : 0;
    while (end < word.length() && word.charAt(end) >= '0' && word.charAt(end) <= '9') {
      end++;
    }
    try {
      return Long.valueOf(word.substring(0, end));
    } catch (NumberFormatException _) {
      return null;
    }
  }
}
