// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import static io.varve.image.qcow2.format.Qcow2FormatException.corrupt;
import static io.varve.image.qcow2.format.Qcow2FormatException.truncated;

import java.nio.ByteBuffer;

/// Reads and checks the header. Every number is checked before it is used or narrowed: unsigned
/// 32-bit fields are read into a long.
final class HeaderParser {
  private static final String HEADER = "header";

  private final ByteBuffer src;

  private HeaderParser(ByteBuffer src) {
    this.src = src;
  }

  static Header parse(ByteBuffer src) throws Qcow2FormatException {
    return new HeaderParser(src).parse();
  }

  private Header parse() throws Qcow2FormatException {
    requireMagic();
    long version = u32(4);
    if (version < 2 || version > 3) {
      throw Qcow2FormatException.unsupported(
          HEADER, 4, "Unsupported qcow2 version " + version, "Varve knows 2 and 3");
    }
    requireBytes(version == 2 ? Header.V2_LENGTH : Header.V3_MIN_LENGTH);
    int clusterBits = clusterBits();
    HeaderBuilder to = new HeaderBuilder((int) version, clusterBits);
    if (version == 3) {
      readVersion3(to, 1 << clusterBits);
    }
    to.size(size()).cryptMethod(cryptMethod());
    Header soFar = to.build();
    readBacking(to, soFar);
    readRefcountTable(to, soFar);
    readSnapshots(to, soFar);
    readL1(to, soFar);
    return to.build();
  }

  private void requireMagic() throws Qcow2FormatException {
    if (src.remaining() < 4 || src.getInt(0) != Header.MAGIC) {
      String found = src.remaining() < 4 ? "end of file" : hex(src.getInt(0) & 0xffff_ffffL);
      throw Qcow2FormatException.notQcow2(hex(Header.MAGIC), found);
    }
    requireBytes(8);
  }

  private int clusterBits() throws Qcow2FormatException {
    long bits = u32(20);
    if (bits < Limits.MIN_CLUSTER_BITS || bits > Limits.MAX_CLUSTER_BITS) {
      throw corrupt(HEADER, 20, "Unsupported cluster size: 2^" + bits, "2^9 to 2^21", "2^" + bits);
    }
    return (int) bits;
  }

  private long size() throws Qcow2FormatException {
    long size = src.getLong(24);
    if (size < 0) {
      throw corrupt(
          HEADER, 24, "Image is too big", "below 2^63 bytes", Long.toUnsignedString(size));
    }
    return size;
  }

  private int cryptMethod() throws Qcow2FormatException {
    long method = u32(32);
    if (method > Header.CRYPT_LUKS) {
      throw corrupt(HEADER, 32, "Unsupported encryption method " + method, "0 to 2", method);
    }
    return (int) method;
  }

  private void readVersion3(HeaderBuilder to, int clusterSize) throws Qcow2FormatException {
    to.incompatible(src.getLong(72)).compatible(src.getLong(80)).autoclear(src.getLong(88));
    readRefcountOrder(to);
    long length = u32(100);
    if (length < Header.V3_MIN_LENGTH) {
      throw corrupt(
          HEADER, 100, "qcow2 header too short", "at least " + Header.V3_MIN_LENGTH, length);
    }
    if (length > clusterSize) {
      throw corrupt(
          HEADER, 100, "qcow2 header exceeds cluster size", "at most " + clusterSize, length);
    }
    if (length % 8 != 0) {
      throw corrupt(HEADER, 100, "qcow2 header length", "a multiple of 8", length);
    }
    requireBytes((int) length);
    to.headerLength((int) length);
    int type = length > Header.V3_MIN_LENGTH ? src.get(104) & 0xff : Header.COMPRESSION_ZLIB;
    if (length > Header.V3_LENGTH) {
      ByteBuffer unknown = src.duplicate().position(Header.V3_LENGTH);
      to.unknownFields(Bytes.take(unknown, (int) length - Header.V3_LENGTH));
    }
    readFeatures(to, type);
  }

  private void readRefcountOrder(HeaderBuilder to) throws Qcow2FormatException {
    long order = u32(96);
    if (order > Limits.MAX_REFCOUNT_ORDER) {
      throw corrupt(
          HEADER,
          96,
          "Reference count entry width too large; may not exceed 64 bits",
          "order 0 to 6",
          "order " + order);
    }
    to.refcountOrder((int) order);
  }

  private void readFeatures(HeaderBuilder to, int type) throws Qcow2FormatException {
    long incompatible = src.getLong(72);
    if (type > Header.COMPRESSION_ZSTD) {
      throw corrupt(HEADER, 104, "unknown compression type: " + type, "0 or 1", type);
    }
    boolean bit = (incompatible & FeatureBits.COMPRESSION) != 0;
    if (bit != (type != Header.COMPRESSION_ZLIB)) {
      throw corrupt(
          HEADER,
          72,
          "Compression type incompatible feature bit must " + (bit ? "not be set" : "be set"),
          "the bit to agree with the type",
          "type " + type);
    }
    to.compressionType(type);
    boolean extended = (incompatible & FeatureBits.EXTENDED_L2) != 0;
    long clusterBits = u32(20);
    if (extended && clusterBits < Limits.MIN_EXTENDED_L2_CLUSTER_BITS) {
      int subcluster = 1 << (clusterBits - 5);
      throw corrupt(
          HEADER, 20, "Unsupported subcluster size: " + subcluster, "at least 512", subcluster);
    }
    if ((src.getLong(88) & FeatureBits.RAW_DATA) != 0
        && (incompatible & FeatureBits.DATA_FILE) == 0) {
      throw corrupt(HEADER, 88, "data-file-raw requires a data file", "bit 1 clear", "bit 1 set");
    }
  }

  private void readBacking(HeaderBuilder to, Header header) throws Qcow2FormatException {
    long offset = src.getLong(8);
    if (offset == 0) {
      return;
    }
    int clusterSize = header.clusterSize();
    if (offset < header.headerLength() || offset > clusterSize) {
      throw corrupt(
          HEADER,
          8,
          "Invalid backing file offset",
          header.headerLength() + " to " + clusterSize,
          Long.toUnsignedString(offset));
    }
    long length = u32(16);
    long most = Math.min(Limits.MAX_BACKING_NAME, clusterSize - offset);
    if (length > most) {
      throw corrupt(HEADER, 16, "Backing file name too long", "at most " + most, length);
    }
    to.backingAt(offset, (int) length);
  }

  private void readRefcountTable(HeaderBuilder to, Header header) throws Qcow2FormatException {
    long clusters = u32(56);
    if (clusters > Limits.MAX_REFCOUNT_TABLE_BYTES >> header.clusterBits()) {
      throw corrupt(HEADER, 56, "Reference count table too large", "at most 8 MiB", clusters);
    }
    long offset = src.getLong(48);
    requireTable(header, "Reference count table", 48, offset, clusters << header.clusterBits());
    to.refcountTable(offset, (int) clusters);
  }

  private void readSnapshots(HeaderBuilder to, Header header) throws Qcow2FormatException {
    long count = u32(60);
    if (count > Limits.MAX_SNAPSHOTS) {
      throw corrupt(
          HEADER, 60, "Snapshot table too large", "at most " + Limits.MAX_SNAPSHOTS, count);
    }
    long offset = src.getLong(64);
    requireTable(header, "Snapshot table", 64, offset, count * SnapshotEntry.FIXED_LENGTH);
    to.snapshots((int) count, offset);
  }

  private void readL1(HeaderBuilder to, Header header) throws Qcow2FormatException {
    long entries = u32(36);
    if (entries > Limits.MAX_L1_BYTES / Long.BYTES) {
      throw corrupt(
          HEADER,
          36,
          "Active L1 table too large",
          "at most " + Limits.MAX_L1_BYTES / Long.BYTES,
          entries);
    }
    long needed = header.geometry().l1EntriesFor(header.size());
    if (needed > Integer.MAX_VALUE) {
      throw corrupt(HEADER, 24, "Image is too big", "at most 2^31 L1 entries", needed);
    }
    if (entries < needed) {
      throw corrupt(HEADER, 36, "L1 table is too small", "at least " + needed, entries);
    }
    long offset = src.getLong(40);
    requireTable(header, "Active L1 table", 40, offset, entries * Long.BYTES);
    to.l1((int) entries, offset);
  }

  private static void requireTable(Header header, String name, int at, long offset, long length)
      throws Qcow2FormatException {
    if (offset < 0
        || Long.MAX_VALUE - length < offset
        || !header.geometry().isClusterAligned(offset)) {
      throw corrupt(
          HEADER,
          at,
          name + " offset invalid",
          "a multiple of " + header.clusterSize(),
          Long.toUnsignedString(offset));
    }
  }

  private void requireBytes(int count) throws Qcow2FormatException {
    if (src.remaining() < count) {
      throw truncated(HEADER, 0, count, src.remaining());
    }
  }

  private long u32(int at) {
    return src.getInt(at) & 0xffff_ffffL;
  }

  private static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }
}
