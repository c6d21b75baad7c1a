// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import io.varve.image.ImageException;
import io.varve.image.UnsupportedImageException;
import io.varve.image.foreign.VmdkExtent.SparseHeader;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// The header of a sparse extent. Little endian.
///
/// | bytes | "KDMV" |
/// |---|---|
/// | 4-7 | version, 1 to 3 |
/// | 8-11 | flags: bit 2 zero grains, bit 17 markers |
/// | 12-19 | capacity in sectors |
/// | 20-27 | sectors of a grain |
/// | 28-35 | sector of the descriptor, 0 for none |
/// | 44-47 | entries of a grain table, at most 512 |
/// | 56-63 | sector of the grain directory; all ones: in a footer, three sectors before the end |
/// | 64-71 | sectors of overhead |
/// | 77-78 | 1: grains are deflated |
///
/// | bytes | "COWD", what ESX once wrote |
/// |---|---|
/// | 12-15 | capacity in sectors |
/// | 16-19 | sectors of a grain |
/// | 20-23 | sector of the directory |
/// | 24-27 | entries of the directory; a table has 4096 |
final class VmdkHeader {
  static final int MAGIC_4 = 0x4b444d56; // "KDMV"
  static final int MAGIC_3 = 0x434f5744; // "COWD"

  private static final int SECTOR = 512;
  private static final long AT_END = -1;
  private static final int FOOTER_MARKER = 3;
  private static final int ZERO_GRAINS = 1 << 2;
  private static final int MARKERS = 1 << 17;
  private static final long MOST_GRAIN = 0x20_0000;
  private static final long MOST_DIRECTORY = 32 << 20;

  /// Compressed grains are decoded whole.
  private static final long MOST_COMPRESSED_GRAIN = (16 << 20) / SECTOR;

  private final Storage file;

  VmdkHeader(Storage file) {
    this.file = file;
  }

  static int magic(Storage file) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(4);
    file.read(0, bytes);
    return bytes.getInt(0);
  }

  /// Sector of the descriptor of a file that holds nothing else, 0 for any other.
  long onlyDescriptor() throws IOException {
    ByteBuffer header = sector(0);
    return magic(file) == MAGIC_4 && header.getLong(12) == 0 ? header.getLong(28) : 0;
  }

  private ByteBuffer sector(long at) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(SECTOR).order(ByteOrder.LITTLE_ENDIAN);
    file.read(at, bytes);
    return bytes;
  }

  /// The header, checked as QEMU does.
  SparseHeader read() throws IOException {
    int magic = magic(file);
    if (magic == MAGIC_3) {
      return version3();
    }
    if (magic != MAGIC_4) {
      throw Refused.wrongFormat(file, "Image not in VMDK format");
    }
    ByteBuffer header = sector(0);
    if (header.getLong(56) == AT_END) {
      header = footer();
    }
    return version4(header);
  }

  private SparseHeader version3() throws IOException {
    ByteBuffer header = sector(0);
    long directory = (header.getInt(20) & 0xffff_ffffL) * SECTOR;
    return checked(
        new SparseHeader(
            header.getInt(12) & 0xffff_ffffL,
            header.getInt(16) & 0xffff_ffffL,
            directory,
            header.getInt(24) & 0xffff_ffffL,
            4096,
            false,
            false,
            false));
  }

  /// What counts where the directory was not known when the header was written.
  private ByteBuffer footer() throws IOException {
    long size = (file.size() + SECTOR - 1) / SECTOR * SECTOR;
    long at = size - 3L * SECTOR;
    if (at < 0) {
      throw Refused.invalid(file, "the VMDK is too short for its footer");
    }
    ByteBuffer marker = sector(at);
    ByteBuffer footer = sector(at + SECTOR);
    ByteBuffer last = sector(at + 2 * SECTOR);
    if (footer.order(ByteOrder.BIG_ENDIAN).getInt(0) != MAGIC_4
        || marker.getInt(8) != 0
        || marker.getInt(12) != FOOTER_MARKER
        || last.getLong(0) != 0
        || last.getInt(8) != 0
        || last.getInt(12) != 0) {
      throw Refused.invalid(file, "the footer of the VMDK is damaged");
    }
    return footer.order(ByteOrder.LITTLE_ENDIAN);
  }

  private SparseHeader version4(ByteBuffer header) throws IOException {
    long version = header.getInt(4) & 0xffff_ffffL;
    boolean compressed = header.getShort(77) == 1;
    if (version > 3) {
      throw Refused.unsupported(file, "Unsupported VMDK version " + version);
    }
    long entries = header.getInt(44) & 0xffff_ffffL;
    if (entries > 512) {
      throw Refused.corrupt(file, "L2 table size too big");
    }
    long perTable = entries * header.getLong(20);
    if (perTable == 0) {
      throw Refused.corrupt(file, "L1 entry size is invalid");
    }
    long capacity = header.getLong(12);
    long directory = Long.divideUnsigned(capacity + perTable - 1, perTable);
    long overhead = header.getLong(64);
    if (Long.compareUnsigned((file.size() + SECTOR - 1) / SECTOR, overhead) < 0) {
      throw Refused.corrupt(
          file, "File truncated, expecting at least " + overhead * SECTOR + " bytes");
    }
    int flags = header.getInt(8);
    return checked(
        new SparseHeader(
            capacity,
            header.getLong(20),
            header.getLong(56) * SECTOR,
            directory,
            entries,
            compressed,
            (flags & MARKERS) != 0,
            (flags & ZERO_GRAINS) != 0));
  }

  private SparseHeader checked(SparseHeader header) throws IOException {
    if (Long.compareUnsigned(header.grainSectors(), MOST_GRAIN) > 0) {
      throw Refused.corrupt(file, "Invalid granularity, image may be corrupt");
    }
    if (Long.compareUnsigned(header.directorySize(), MOST_DIRECTORY) > 0) {
      throw Refused.corrupt(file, "L1 size too big");
    }
    if (header.grainSectors() == 0
        || header.capacity() < 0
        || header.capacity() > 1L << 53
        || header.directoryOffset() < 0
        || header.directoryOffset() > 1L << 62) {
      throw Refused.invalid(file, "the header of the VMDK has values beyond all limits");
    }
    if (header.compressed() && header.grainSectors() > MOST_COMPRESSED_GRAIN) {
      throw ImageException.inWords(
          "compressed grains of more than 16 MiB are not supported",
          new UnsupportedImageException(
              file.name() + ": compressed grains of more than 16 MiB are not supported"));
    }
    return header;
  }
}
