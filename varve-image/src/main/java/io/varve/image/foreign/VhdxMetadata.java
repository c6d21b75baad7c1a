// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;

/// What the metadata region of a VHDX says of its disk.
///
/// | bytes of the table | field |
/// |---|---|
/// | 0-7 | "metadata" |
/// | 10-11 | number of entries |
/// | 32.. | entries of 32 bytes: GUID, offset in the region, length, flags (bit 2: required), 4 bytes each |
///
/// @param blockSize bytes, a power of two from 1 to 256 MiB
/// @param diskSize bytes
/// @param sectorSize of the disk as the guest sees it, bytes, a power of two
record VhdxMetadata(long blockSize, long diskSize, long sectorSize) {
  private static final int TABLE = 64 << 10;
  private static final long SIGNATURE = 0x617461646174656dL;
  private static final int ENTRY = 32;
  private static final int REQUIRED = 1 << 2;
  private static final int HAS_PARENT = 1 << 1;
  private static final long MOST_SECTORS_PER_CHUNK = 1L << 23;

  /// 64 TiB.
  private static final long MOST_SIZE = 64L << 40;

  private static final UUID PARAMETERS = UUID.fromString("caa16737-fa36-4d43-b3b6-33f0aa44e76b");
  private static final UUID SIZE = UUID.fromString("2fa54224-cd1b-4876-b211-5dbed83bf4b8");
  private static final UUID PAGE_83 = UUID.fromString("beca12ab-b2e6-4523-93ef-c309e000c746");
  private static final UUID PHYSICAL = UUID.fromString("cda348c7-445d-4471-9cc9-e9885251c556");
  private static final UUID LOGICAL = UUID.fromString("8141bf1d-a96f-4709-ba47-f233a8faab5f");
  private static final UUID PARENT = UUID.fromString("a8d35f2d-b30b-454d-abf7-d3d84834ab0c");

  static VhdxMetadata read(Storage file, long region) throws IOException {
    ByteBuffer table = VhdxHeader.bytes(file, region, TABLE);
    int count = table.getShort(10) & 0xffff;
    if (table.getLong(0) != SIGNATURE || count * ENTRY > TABLE - ENTRY) {
      throw Refused.invalid(file, "the metadata table of the VHDX is damaged");
    }
    long[] places = new long[4];
    Set<UUID> seen = new HashSet<>();
    for (int i = 0; i < count; i++) {
      int at = ENTRY + i * ENTRY;
      UUID item = Guid.at(table, at);
      int known = place(item);
      if (known >= 0 && !seen.add(item)) {
        throw Refused.invalid(file, "the metadata table of the VHDX has an item twice");
      }
      if (known < 0 && (table.getInt(at + 24) & REQUIRED) != 0) {
        throw Refused.unsupported(file, "Operation not supported");
      }
      if (known >= 0 && known < places.length) {
        places[known] = region + (table.getInt(at + 16) & 0xffff_ffffL);
      }
    }
    seen.remove(PARENT);
    if (seen.size() != 5) {
      throw Refused.unsupported(file, "Operation not supported");
    }
    return read(file, places);
  }

  /// Where the offset of an item goes, a higher number for items that are not read, or -1.
  private static int place(UUID item) {
    if (item.equals(PARAMETERS)) {
      return 0;
    }
    if (item.equals(SIZE)) {
      return 1;
    }
    if (item.equals(LOGICAL)) {
      return 2;
    }
    return item.equals(PAGE_83) || item.equals(PHYSICAL) || item.equals(PARENT) ? 4 : -1;
  }

  private static VhdxMetadata read(Storage file, long[] places) throws IOException {
    ByteBuffer parameters = VhdxHeader.bytes(file, places[0], 8);
    long block = parameters.getInt(0) & 0xffff_ffffL;
    if ((parameters.getInt(4) & HAS_PARENT) != 0) {
      throw Refused.unsupported(
          file, "differencing VHDX images are not supported; merge it into its parent first");
    }
    long size = VhdxHeader.bytes(file, places[1], 8).getLong(0);
    long sector = VhdxHeader.bytes(file, places[2], 4).getInt(0) & 0xffff_ffffL;
    boolean sound =
        block >= 1 << 20
            && block <= 256 << 20
            && Long.bitCount(block) == 1
            && Long.bitCount(sector) == 1
            && sector >= 512
            && sector <= 4096
            && size >= 0
            && size <= MOST_SIZE
            && size % sector == 0;
    if (!sound) {
      throw Refused.invalid(file, "the metadata of the VHDX has values beyond its limits");
    }
    return new VhdxMetadata(block, size, sector);
  }

  /// Blocks of data between two of sector bitmaps in the table.
  long chunkRatio() {
    return MOST_SECTORS_PER_CHUNK * sectorSize / blockSize;
  }

  /// Blocks of the disk.
  long blocks() {
    return Math.ceilDiv(diskSize, blockSize);
  }

  /// Entries of the table that describe the disk.
  long tableEntries() {
    long blocks = blocks();
    return blocks == 0 ? 0 : blocks + (blocks - 1) / chunkRatio();
  }
}
