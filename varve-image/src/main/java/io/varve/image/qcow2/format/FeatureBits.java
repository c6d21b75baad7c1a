// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The three bit fields of a version 3 header, and the table that names their bits.
///
/// | field | a program that does not know a set bit |
/// |---|---|
/// | incompatible | must not open the image |
/// | compatible | may do anything; keeps the bit |
/// | autoclear | clears the bit before it changes the image |
public final class FeatureBits {
  /// Incompatible: refcounts may be behind the L2 tables; a check repairs them.
  public static final long DIRTY = 1;

  /// Incompatible: damage was found; not to be written before a repair.
  public static final long CORRUPT = 1 << 1;

  /// Incompatible: guest data lies in another file.
  public static final long DATA_FILE = 1 << 2;

  /// Incompatible: the compression type is not zlib.
  public static final long COMPRESSION = 1 << 3;

  /// Incompatible: L2 entries have 128 bits and describe 32 subclusters.
  public static final long EXTENDED_L2 = 1 << 4;

  /// Compatible: the dirty bit may be used to write refcounts late.
  public static final long LAZY_REFCOUNTS = 1;

  /// Autoclear: the bitmaps extension agrees with the data.
  public static final long BITMAPS = 1;

  /// Autoclear: the external data file alone is a valid raw image.
  public static final long RAW_DATA = 1 << 1;

  public static final long KNOWN_INCOMPATIBLE =
      DIRTY | CORRUPT | DATA_FILE | COMPRESSION | EXTENDED_L2;

  /// The autoclear bits whose promise Varve keeps while it writes.
  public static final long MAINTAINED_AUTOCLEAR = BITMAPS | RAW_DATA;

  /// Bytes of one entry in the feature name table.
  static final int NAME_ENTRY = 48;

  private static final int NAME_LENGTH = 46;

  /// Which of the three fields a name belongs to; the order is that of the table's type byte.
  private enum Field {
    INCOMPATIBLE,
    COMPATIBLE,
    AUTOCLEAR
  }

  private record Name(Field field, int bit, String text) {}

  private static final List<Name> NAMES =
      List.of(
          new Name(Field.INCOMPATIBLE, 0, "dirty bit"),
          new Name(Field.INCOMPATIBLE, 1, "corrupt bit"),
          new Name(Field.INCOMPATIBLE, 2, "external data file"),
          new Name(Field.INCOMPATIBLE, 3, "compression type"),
          new Name(Field.INCOMPATIBLE, 4, "extended L2 entries"),
          new Name(Field.COMPATIBLE, 0, "lazy refcounts"),
          new Name(Field.AUTOCLEAR, 0, "bitmaps"),
          new Name(Field.AUTOCLEAR, 1, "raw external data"));

  private FeatureBits() {}

  /// Data of the feature name table that goes into new images.
  static Bytes nameTable() {
    ByteBuffer table = ByteBuffer.allocate(NAMES.size() * NAME_ENTRY);
    for (Name name : NAMES) {
      int start = table.position();
      table.put((byte) name.field.ordinal()).put((byte) name.bit);
      table.put(name.text.getBytes(StandardCharsets.US_ASCII)).position(start + NAME_ENTRY);
    }
    return Bytes.of(table.array());
  }

  /// Names of the incompatible bits in `mask`, from the image's own table where it has them.
  public static String incompatibleNames(long mask, @Nullable Bytes table) {
    List<String> names = new ArrayList<>();
    long unnamed = mask;
    if (table != null) {
      ByteBuffer entries = table.buffer();
      while (entries.remaining() >= NAME_ENTRY) {
        int field = entries.get();
        int bit = entries.get() & 0xff;
        String text = paddedText(Bytes.take(entries, NAME_LENGTH));
        if (text.isEmpty()) {
          break;
        }
        if (field == Field.INCOMPATIBLE.ordinal()) {
          if ((unnamed & (1L << bit)) != 0) {
            names.add(text);
            unnamed &= ~(1L << bit);
          }
        }
      }
    }
    if (unnamed != 0) {
      names.add("Unknown incompatible feature: " + Long.toHexString(unnamed));
    }
    return String.join(", ", names);
  }

  /// Text up to the first NUL, with control characters made harmless: it goes into a message.
  private static String paddedText(Bytes field) {
    String text = field.asText();
    int end = text.indexOf('\0');
    return (end < 0 ? text : text.substring(0, end)).replaceAll("\\p{Cntrl}", "?");
  }
}
