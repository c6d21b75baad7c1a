// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/// Where the parts of a VHDX lie: its region table, at 192 KiB.
///
/// | bytes of the table | field |
/// |---|---|
/// | 0-3 | "regi" |
/// | 4-7 | CRC-32C of the 64 KiB, taken with zeros here |
/// | 8-11 | number of entries, up to 2047 |
/// | 16.. | entries of 32 bytes: GUID, offset, length (4 bytes), 4 bytes of which bit 0 says required |
final class VhdxRegions {
  private static final int TABLE_AT = 192 << 10;
  private static final int TABLE = 64 << 10;
  private static final int SIGNATURE = 0x69676572;
  private static final int MOST = 2047;
  private static final int ENTRY = 32;
  private static final UUID BAT = UUID.fromString("2dc27766-f623-4200-9d64-115e9bfd4a08");
  private static final UUID METADATA = UUID.fromString("8b7ca206-4790-4b9a-b8fe-575f050f886e");

  private final Storage file;

  /// End of each region by its start; they do not overlap.
  private final TreeMap<Long, Long> taken = new TreeMap<>();

  private long batOffset = -1;
  private long batLength;
  private long metadataOffset = -1;

  private VhdxRegions(Storage file) {
    this.file = file;
  }

  static VhdxRegions read(Storage file, VhdxHeader header) throws IOException {
    VhdxRegions regions = new VhdxRegions(file);
    regions.take(header.logOffset(), header.logLength());
    regions.readTable(VhdxHeader.bytes(file, TABLE_AT, TABLE));
    return regions;
  }

  long batOffset() {
    return batOffset;
  }

  long batLength() {
    return batLength;
  }

  long metadataOffset() {
    return metadataOffset;
  }

  private void readTable(ByteBuffer table) throws IOException {
    long count = table.getInt(8) & 0xffff_ffffL;
    if (!VhdxHeader.sound(table, 4) || table.getInt(0) != SIGNATURE || count > MOST) {
      throw Refused.invalid(file, "the region table of the VHDX is damaged");
    }
    for (int i = 0; i < count; i++) {
      int at = 16 + i * ENTRY;
      UUID guid = Guid.at(table, at);
      long offset = table.getLong(at + 16);
      long length = table.getInt(at + 24) & 0xffff_ffffL;
      take(offset, length);
      if (guid.equals(BAT) && batOffset < 0) {
        batOffset = offset;
        batLength = length;
      } else if (guid.equals(METADATA) && metadataOffset < 0) {
        metadataOffset = offset;
      } else if (guid.equals(BAT) || guid.equals(METADATA)) {
        throw Refused.invalid(file, "the region table of the VHDX names a region twice");
      } else if ((table.getInt(at + 28) & 1) != 0) {
        throw Refused.unsupported(file, "Operation not supported");
      }
    }
    if (batOffset < 0 || metadataOffset < 0) {
      throw Refused.invalid(file, "the region table of the VHDX lacks a region");
    }
  }

  private void take(long offset, long length) throws IOException {
    if (offset < 0 || offset > Long.MAX_VALUE - length) {
      throw Refused.invalid(file, "a region of the VHDX lies nowhere");
    }
    requireFree(offset, length);
    taken.put(offset, offset + length);
  }

  /// Refuses a range that overlaps a region.
  void requireFree(long offset, long length) throws IOException {
    Map.Entry<Long, Long> below = taken.lowerEntry(offset + length);
    if (length > 0 && below != null && below.getValue() > offset) {
      throw Refused.invalid(
          file,
          "VHDX region %d-%d overlaps with region %d-%d."
              .formatted(offset, offset + length, below.getKey(), below.getValue()));
    }
  }
}
