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
  private final boolean forUse;

  private HeaderParser(ByteBuffer src, boolean forUse) {
    this.src = src;
    this.forUse = forUse;
  }

  /// @param forUse refuse what only a check may look at, too: an image without refcounts, a
  ///   snapshot table that cannot be there
  static Header parse(ByteBuffer src, boolean forUse) throws Qcow2FormatException {
    return new HeaderParser(src, forUse).parse();
  }

  /// The order of the checks is QEMU's, so that an image with several faults is refused for the
  /// same one.
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
      readLength(to, 1 << clusterBits);
    }
    readBackingOffset(to, 1 << clusterBits);
    if (version == 3) {
      to.compatible(src.getLong(80)).autoclear(src.getLong(88));
      readFeatures(to);
    }
    to.cryptMethod(cryptMethod()).size(src.getLong(24));
    Header soFar = to.build();
    readRefcountTable(to, soFar);
    readSnapshots(to, soFar);
    readL1(to, soFar);
    readBackingSize(to, soFar);
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

  private int cryptMethod() throws Qcow2FormatException {
    long method = u32(32);
    if (method > Header.CRYPT_LUKS) {
      throw corrupt(HEADER, 32, "Unsupported encryption method " + (int) method, "0 to 2", method);
    }
    return (int) method;
  }

  private void readLength(HeaderBuilder to, int clusterSize) throws Qcow2FormatException {
    long length = u32(100);
    if (length < Header.V3_MIN_LENGTH) {
      throw corrupt(
          HEADER, 100, "qcow2 header too short", "at least " + Header.V3_MIN_LENGTH, length);
    }
    if (length > clusterSize) {
      throw corrupt(
          HEADER, 100, "qcow2 header exceeds cluster size", "at most " + clusterSize, length);
    }
    requireBytes((int) length);
    to.headerLength((int) length);
    if (length > Header.V3_LENGTH) {
      ByteBuffer unknown = src.duplicate().position(Header.V3_LENGTH);
      to.unknownFields(Bytes.take(unknown, (int) length - Header.V3_LENGTH));
    }
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

  private void readFeatures(HeaderBuilder to) throws Qcow2FormatException {
    long incompatible = src.getLong(72);
    readCompressionType(to, incompatible);
    to.incompatible(incompatible);
    if (forUse) {
      Refusals.requireKnownFeatures(src, to.build());
    }
    boolean extended = (incompatible & FeatureBits.EXTENDED_L2) != 0;
    int clusterBits = (int) u32(20);
    if (extended && clusterBits < Limits.MIN_EXTENDED_L2_CLUSTER_BITS) {
      int subcluster = (1 << clusterBits) / 32;
      throw corrupt(
          HEADER, 20, "Unsupported subcluster size: " + subcluster, "at least 512", subcluster);
    }
    readRefcountOrder(to);
  }

  private void readCompressionType(HeaderBuilder to, long incompatible)
      throws Qcow2FormatException {
    boolean given = u32(100) > Header.COMPRESSION_TYPE_AT;
    int type = given ? src.get(Header.COMPRESSION_TYPE_AT) & 0xff : Header.COMPRESSION_ZLIB;
    if (type > Header.COMPRESSION_ZSTD) {
      throw corrupt(HEADER, 104, "qcow2: unknown compression type: " + type, "0 or 1", type);
    }
    boolean bit = (incompatible & FeatureBits.COMPRESSION) != 0;
    if (bit != (type != Header.COMPRESSION_ZLIB)) {
      throw corrupt(
          HEADER,
          72,
          "qcow2: Compression type incompatible feature bit must "
              + (bit ? "not be set" : "be set"),
          "the bit to agree with the type",
          "type " + type);
    }
    to.compressionType(type);
  }

  /// QEMU takes a name that begins inside the header as well.
  private void readBackingOffset(HeaderBuilder to, int clusterSize) throws Qcow2FormatException {
    long offset = src.getLong(8);
    if (offset < 0 || offset > clusterSize) {
      throw corrupt(
          HEADER,
          8,
          "Invalid backing file offset",
          "at most " + clusterSize,
          Long.toUnsignedString(offset));
    }
    to.backingAt(offset, 0);
  }

  private void readBackingSize(HeaderBuilder to, Header header) throws Qcow2FormatException {
    long offset = header.backingOffset();
    if (offset == 0) {
      return;
    }
    long length = u32(16);
    long most = Math.min(Limits.MAX_BACKING_NAME, header.clusterSize() - offset);
    if (length > most) {
      throw corrupt(HEADER, 16, "Backing file name too long", "at most " + most, length);
    }
    to.backingAt(offset, (int) length);
  }

  private void readRefcountTable(HeaderBuilder to, Header header) throws Qcow2FormatException {
    long clusters = u32(56);
    if (clusters == 0 && forUse) {
      throw corrupt(
          HEADER, 56, "Image does not contain a reference count table", "at least 1 cluster", 0);
    }
    if (clusters > Limits.MAX_REFCOUNT_TABLE_BYTES >> header.clusterBits()) {
      throw corrupt(HEADER, 56, "Reference count table too large", "at most 8 MiB", clusters);
    }
    long offset = src.getLong(48);
    requireTable(header, "Reference count table", 48, offset, clusters << header.clusterBits());
    to.refcountTable(offset, (int) clusters);
  }

  private void readSnapshots(HeaderBuilder to, Header header) throws Qcow2FormatException {
    long count = u32(60);
    if (!forUse) {
      to.snapshots((int) count, src.getLong(64));
      return;
    }
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
    long offset = src.getLong(40);
    requireTable(header, "Active L1 table", 40, offset, entries * Long.BYTES);
    long needed = l1EntriesFor(header);
    if (needed > Integer.MAX_VALUE) {
      throw corrupt(HEADER, 24, "Image is too big", "at most 2^31 L1 entries", needed);
    }
    if (entries < needed) {
      throw corrupt(HEADER, 36, "L1 table is too small", "at least " + needed, entries);
    }
    if (header.size() < 0) {
      throw corrupt(
          HEADER,
          24,
          "Could not refresh total sector count: File too large",
          "below 2^63 bytes",
          Long.toUnsignedString(header.size()));
    }
    to.l1((int) entries, offset);
  }

  /// Reckoned as QEMU does, in 64 unsigned bits that may wrap around.
  private static long l1EntriesFor(Header header) {
    Geometry geometry = header.geometry();
    return (header.size() + geometry.bytesPerL2Table() - 1)
        >>> (geometry.clusterBits() + geometry.l2Bits());
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
