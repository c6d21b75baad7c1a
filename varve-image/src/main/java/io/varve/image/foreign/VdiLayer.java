// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import io.varve.image.ExtentKind;
import io.varve.image.LayerExtent;
import io.varve.image.LayerFormat;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// A VirtualBox disk image: a table of block numbers, then blocks of 1 MiB. Little endian.
///
/// | bytes | field |
/// |---|---|
/// | 0x40-0x43 | signature 0xbeda107f |
/// | 0x44-0x47 | version 1.1 |
/// | 0x4c-0x4f | type: 1 dynamic, 2 static |
/// | 0x154-0x157 | offset of the table |
/// | 0x158-0x15b | offset of the blocks |
/// | 0x168-0x16b | sector size, 512 |
/// | 0x170-0x177 | size of the disk |
/// | 0x178-0x17b | block size, 1 MiB |
/// | 0x180-0x183 | blocks of the disk |
/// | 0x184-0x187 | blocks allocated |
/// | 0x1a8-0x1c7 | UUIDs of link and parent, zero |
final class VdiLayer extends ReadOnlyLayer {
  static final int SIGNATURE = 0xbeda107f;
  private static final int HEADER = 512;
  private static final int VERSION = 0x0001_0001;
  private static final int STATIC = 2;
  private static final int BLOCK = 1 << 20;
  private static final long MOST_BLOCKS = Integer.MAX_VALUE / 4;

  /// Numbers from here on say that there is no block: discarded, or never written.
  static final long NO_BLOCK = 0xffff_fffeL;

  private final TableReader table;
  private final long tableOffset;
  private final long dataOffset;
  private final long blocks;
  private final long allocated;
  private final boolean isStatic;

  private VdiLayer(Storage storage, ByteBuffer header) {
    super(storage, LayerFormat.VDI, (header.getLong(0x170) + 511) & -512L, BLOCK);
    this.table = new TableReader(storage, ByteOrder.LITTLE_ENDIAN);
    this.tableOffset = unsigned(header, 0x154);
    this.dataOffset = unsigned(header, 0x158);
    this.blocks = unsigned(header, 0x180);
    this.allocated = unsigned(header, 0x184);
    this.isStatic = header.getInt(0x4c) == STATIC;
  }

  private static long unsigned(ByteBuffer header, int at) {
    return header.getInt(at) & 0xffff_ffffL;
  }

  static VdiLayer open(Storage storage) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
    storage.read(0, header);
    requireSound(storage, header);
    return new VdiLayer(storage, header);
  }

  private static void requireSound(Storage file, ByteBuffer header) throws IOException {
    long size = header.getLong(0x170);
    if (Long.compareUnsigned(size, MOST_BLOCKS * BLOCK) > 0) {
      throw Refused.unsupported(
          file,
          "Unsupported VDI image size (size is 0x%x, max supported is 0x%x)"
              .formatted(size, MOST_BLOCKS * BLOCK));
    }
    if (header.getInt(0x40) != SIGNATURE) {
      throw Refused.wrongFormat(
          file, "Image not in VDI format (bad signature %08x)".formatted(header.getInt(0x40)));
    }
    int version = header.getInt(0x44);
    require(version == VERSION, file, "version %d.%d", version >>> 16, version & 0xffff);
    long map = unsigned(header, 0x154);
    require(map % 512 == 0, file, "unaligned block map offset 0x%x", map);
    long data = unsigned(header, 0x158);
    require(data % 512 == 0, file, "unaligned data offset 0x%x", data);
    long sector = unsigned(header, 0x168);
    require(sector == 512, file, "sector size %d is not 512", sector);
    long block = unsigned(header, 0x178);
    require(block == BLOCK, file, "block size %d is not %d", block, BLOCK);
    long blocks = unsigned(header, 0x180);
    long rounded = (size + 511) & -512L;
    require(
        rounded <= blocks * BLOCK,
        file,
        "disk size %d, image bitmap has room for %d",
        rounded,
        blocks * BLOCK);
    require(isZero(header, 0x1a8), file, "non-NULL link UUID");
    require(isZero(header, 0x1b8), file, "non-NULL parent UUID");
    require(blocks <= MOST_BLOCKS, file, "too many blocks %d, max is %d", blocks, MOST_BLOCKS);
  }

  private static boolean isZero(ByteBuffer header, int uuidAt) {
    return header.getLong(uuidAt) == 0 && header.getLong(uuidAt + 8) == 0;
  }

  private static void require(boolean holds, Storage file, String what, Object... found)
      throws IOException {
    if (!holds) {
      throw Refused.unsupported(file, "unsupported VDI image (" + what.formatted(found) + ")");
    }
  }

  /// The table's number of a block; [#NO_BLOCK] or more where there is none.
  long number(long block) throws IOException {
    return table.int32(tableOffset + block * 4);
  }

  @Override
  LayerExtent piece(long at, long length) throws IOException {
    long in = at % BLOCK;
    long part = Math.min(length, BLOCK - in);
    long number = number(at / BLOCK);
    return number >= NO_BLOCK
        ? new LayerExtent(at, part, ExtentKind.ZERO, -1)
        : new LayerExtent(at, part, ExtentKind.DATA, dataOffset + number * BLOCK + in);
  }

  /// The blocks of a static image are there from the start, written or not.
  @Override
  public boolean seemsPreallocated() {
    return isStatic;
  }

  long blocks() {
    return blocks;
  }

  /// Blocks that the header says are allocated.
  long allocatedBlocks() {
    return allocated;
  }
}
