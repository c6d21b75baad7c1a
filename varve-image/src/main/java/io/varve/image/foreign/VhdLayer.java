// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import io.varve.image.ExtentKind;
import io.varve.image.ImageException;
import io.varve.image.LayerExtent;
import io.varve.image.LayerFormat;
import io.varve.image.UnsupportedImageException;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// A VHD, QEMU's `vpc`. Big endian. A fixed one is the raw disk with a footer behind it, a dynamic
/// one has a copy of the footer first, a header, and a table of blocks; each block begins with a
/// bitmap of its sectors, which nobody needs who reads an image without a parent.
///
/// | bytes of the footer | field |
/// |---|---|
/// | 0-7 | "conectix" |
/// | 16-23 | offset of the dynamic header |
/// | 28-31 | the program that made it |
/// | 48-55 | size of the disk |
/// | 56-59 | geometry: cylinders, heads, sectors per track |
/// | 60-63 | type: 2 fixed, 3 dynamic, 4 differencing |
/// | 64-67 | checksum |
///
/// | bytes of the dynamic header | field |
/// |---|---|
/// | 0-7 | "cxsparse" |
/// | 16-23 | offset of the table |
/// | 28-31 | entries of the table |
/// | 32-35 | block size |
final class VhdLayer extends ReadOnlyLayer {
  static final byte[] COOKIE = "conectix".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] DYNAMIC_COOKIE = "cxsparse".getBytes(StandardCharsets.US_ASCII);
  private static final int FOOTER = 512;
  private static final int DYNAMIC_HEADER = 1024;
  private static final int TYPE_FIXED = 2;
  private static final int TYPE_DIFFERENCING = 4;
  private static final long NO_BLOCK = 0xffff_ffffL;
  private static final long SECTOR = 512;

  /// 2040 GiB.
  private static final long MOST_SECTORS = 0xff00_0000L;

  /// The largest geometry: a disk of this size or any larger one has it.
  private static final long MOST_GEOMETRY = 65535L * 16 * 255;

  /// Programs that mean the size in the footer, and not the geometry.
  private static final String[] SIZED = {"win ", "qem2", "d2v ", "CTXS", "tap\0", "wa\0\0"};

  private final boolean fixed;
  private final TableReader table;
  private final long tableOffset;
  private final long tableEntries;
  private final long blockSize;
  private final long bitmapSize;

  private VhdLayer(
      Storage storage, long size, boolean fixed, long tableOffset, long entries, long blockSize) {
    super(
        storage, LayerFormat.VPC, size, fixed ? (int) SECTOR : (int) Math.min(blockSize, 1 << 30));
    this.fixed = fixed;
    this.table = new TableReader(storage, ByteOrder.BIG_ENDIAN);
    this.tableOffset = tableOffset;
    this.tableEntries = entries;
    this.blockSize = blockSize;
    this.bitmapSize = bitmapSize(blockSize);
  }

  private static long bitmapSize(long blockSize) {
    return (blockSize / (8 * SECTOR) + SECTOR - 1) / SECTOR * SECTOR;
  }

  static VhdLayer open(Storage storage) throws IOException {
    ByteBuffer footer = read(storage, 0, FOOTER);
    boolean atStart = begins(footer, COOKIE);
    if (!atStart) {
      footer = footerAtEnd(storage);
    }
    if (checksum(footer) != footer.getInt(64)) {
      throw Refused.corrupt(storage, "Incorrect header checksum");
    }
    long sectors = sectors(footer);
    if (sectors > MOST_SECTORS) {
      throw ImageException.inWords(
          "File too large",
          new UnsupportedImageException(storage.name() + ": a VHD has at most 2040 GiB"));
    }
    long size = sectors * SECTOR;
    int type = footer.getInt(60);
    if (type == TYPE_DIFFERENCING) {
      throw Refused.unsupported(
          storage, "differencing VHD images are not supported; merge it into its parent first");
    }
    if (!atStart || type == TYPE_FIXED) {
      return new VhdLayer(storage, size, true, 0, 0, SECTOR);
    }
    return dynamic(storage, footer.getLong(16), size);
  }

  private static ByteBuffer read(Storage storage, long at, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    storage.read(at, bytes);
    return bytes;
  }

  private static ByteBuffer footerAtEnd(Storage storage) throws IOException {
    long end = storage.size();
    if (end < FOOTER) {
      throw Refused.wrongFormat(storage, "File too small for a VHD header");
    }
    ByteBuffer footer = read(storage, end - FOOTER, FOOTER);
    if (!begins(footer, COOKIE) || footer.getInt(60) != TYPE_FIXED) {
      throw Refused.wrongFormat(storage, "invalid VPC image");
    }
    return footer;
  }

  private static boolean begins(ByteBuffer bytes, byte[] cookie) {
    return bytes.slice(0, cookie.length).equals(ByteBuffer.wrap(cookie));
  }

  /// The complement of the sum of all bytes but those of the checksum itself.
  private static int checksum(ByteBuffer footer) {
    int sum = 0;
    for (int i = 0; i < FOOTER; i++) {
      sum += i >= 64 && i < 68 ? 0 : footer.get(i) & 0xff;
    }
    return ~sum;
  }

  private static long sectors(ByteBuffer footer) {
    long geometry =
        (footer.getShort(56) & 0xffffL) * (footer.get(58) & 0xff) * (footer.get(59) & 0xff);
    byte[] creator = new byte[4];
    footer.get(28, creator);
    String program = new String(creator, StandardCharsets.ISO_8859_1);
    boolean sized = geometry == MOST_GEOMETRY;
    for (String each : SIZED) {
      sized |= each.equals(program);
    }
    return sized ? footer.getLong(48) >>> 9 : geometry;
  }

  private static VhdLayer dynamic(Storage storage, long headerAt, long size) throws IOException {
    if (headerAt < 0 || headerAt > Long.MAX_VALUE - DYNAMIC_HEADER) {
      throw Refused.corrupt(storage, "Error reading dynamic VHD header");
    }
    ByteBuffer header = read(storage, headerAt, DYNAMIC_HEADER);
    if (!begins(header, DYNAMIC_COOKIE)) {
      throw Refused.corrupt(storage, "Invalid header magic");
    }
    long block = header.getInt(32) & 0xffff_ffffL;
    if (Long.bitCount(block) != 1 || block < SECTOR) {
      throw Refused.corrupt(storage, "Invalid block size " + block);
    }
    long entries = header.getInt(28) & 0xffff_ffffL;
    if (size / block > NO_BLOCK) {
      throw Refused.corrupt(storage, "Too many blocks");
    }
    if (entries * block < size) {
      throw Refused.corrupt(storage, "Page table too small");
    }
    if (entries > Integer.MAX_VALUE / 4) {
      throw Refused.corrupt(storage, "Max Table Entries too large (" + (int) entries + ")");
    }
    long table = header.getLong(16);
    if (table < 0 || table > Long.MAX_VALUE / 2) {
      throw Refused.corrupt(storage, "Error reading pagetable");
    }
    requireWhole(storage, table, entries, block);
    return new VhdLayer(storage, size, false, table, entries, block);
  }

  /// Every block that the table names lies in the file; so does the table, as far as it matters.
  private static void requireWhole(Storage storage, long table, long entries, long block)
      throws IOException {
    long file = storage.size();
    long tableEnd = table + entries * 4;
    long last = (tableEnd + SECTOR - 1) / SECTOR * SECTOR;
    long readEnd = Math.min(tableEnd, file);
    ByteBuffer chunk = ByteBuffer.allocate(1 << 16);
    for (long at = table; at < readEnd; at += chunk.capacity()) {
      chunk.clear().limit((int) Math.min(chunk.capacity(), readEnd - at) & -4);
      storage.read(at, chunk);
      chunk.flip();
      while (chunk.hasRemaining()) {
        long sector = chunk.getInt() & 0xffff_ffffL;
        if (sector != NO_BLOCK) {
          last = Math.max(last, sector * SECTOR + bitmapSize(block) + block);
        }
      }
    }
    if (last > file) {
      throw Refused.corrupt(
          storage,
          "block-vpc: free_data_block_offset points after the end of file. The image has been"
              + " truncated.");
    }
  }

  @Override
  LayerExtent piece(long at, long length) throws IOException {
    if (fixed) {
      return new LayerExtent(at, length, ExtentKind.DATA, at);
    }
    long in = at % blockSize;
    long part = Math.min(length, blockSize - in);
    long index = at / blockSize;
    long sector = index < tableEntries ? table.int32(tableOffset + index * 4) : NO_BLOCK;
    return sector == NO_BLOCK
        ? new LayerExtent(at, part, ExtentKind.ZERO, -1)
        : new LayerExtent(at, part, ExtentKind.DATA, sector * SECTOR + bitmapSize + in);
  }

  /// A fixed image is there from the start, written or not.
  @Override
  public boolean seemsPreallocated() {
    return fixed;
  }

  /// Bytes of one block, 0 in a fixed image.
  long blockSize() {
    return fixed ? 0 : blockSize;
  }
}
