// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// The header of a qcow2 image, version 2 or 3 (spec: "Header"; the table is in the package docs).
///
/// A value: nothing here touches a file. [#parse] has checked everything that can be known from the
/// header alone, with QEMU's limits and QEMU's words; whether Varve can work with the image is
/// decided by [HeaderArea#parse].
///
/// @param backingOffset host offset of the backing file name, 0: none
/// @param backingSize bytes of that name
/// @param size of the virtual disk in bytes, 0 or above
/// @param l1Size entries of the active L1 table
/// @param headerLength bytes before the header extensions, as found; [#encodedLength()] when
///   written
/// @param compressionType 0 zlib, 1 zstd
/// @param unknownFields bytes from 112 to the header length, kept as they are
public record Header(
    int version,
    long backingOffset,
    int backingSize,
    int clusterBits,
    long size,
    int cryptMethod,
    int l1Size,
    long l1Offset,
    long refcountTableOffset,
    int refcountTableClusters,
    int snapshotCount,
    long snapshotsOffset,
    long incompatible,
    long compatible,
    long autoclear,
    int refcountOrder,
    int headerLength,
    int compressionType,
    Bytes unknownFields) {

  /// `QFI` and 0xfb.
  public static final int MAGIC = 0x514649fb;

  public static final int V2_LENGTH = 72;

  /// What Varve and QEMU write in version 3, before fields that they do not know.
  public static final int V3_LENGTH = 112;

  /// The shortest that version 3 allows; without a compression type.
  public static final int V3_MIN_LENGTH = 104;

  static final int COMPRESSION_TYPE_AT = 104;

  public static final int CRYPT_NONE = 0;
  public static final int CRYPT_AES = 1;
  public static final int CRYPT_LUKS = 2;

  public static final int COMPRESSION_ZLIB = 0;
  public static final int COMPRESSION_ZSTD = 1;

  /// Positions of the fields that change together in one write inside the first sector.
  public static final int SIZE_AT = 24;

  public static final int L1_AT = 36;
  public static final int REFCOUNT_TABLE_AT = 48;
  public static final int SNAPSHOTS_AT = 60;
  public static final int INCOMPATIBLE_AT = 72;
  public static final int AUTOCLEAR_AT = 88;

  /// Reads the header from the beginning of `src`, which holds the first cluster or as much of it
  /// as the file has; its position does not move.
  ///
  /// @throws Qcow2FormatException NOT_QCOW2, CORRUPT, or UNSUPPORTED for a version that nobody
  ///   knows
  public static Header parse(ByteBuffer src) throws Qcow2FormatException {
    return parse(src, false);
  }

  /// @param forUse refuse what no program may use, too: unknown features, no refcounts
  static Header parse(ByteBuffer src, boolean forUse) throws Qcow2FormatException {
    return HeaderParser.parse(src.slice().order(ByteOrder.BIG_ENDIAN), forUse);
  }

  /// Writes [#encodedLength()] bytes at the position of `dst`.
  public void encode(ByteBuffer dst) {
    ByteBuffer out = dst.order(ByteOrder.BIG_ENDIAN);
    out.putInt(MAGIC).putInt(version);
    out.putLong(backingOffset).putInt(backingSize);
    out.putInt(clusterBits).putLong(size).putInt(cryptMethod);
    out.putInt(l1Size).putLong(l1Offset);
    out.putLong(refcountTableOffset).putInt(refcountTableClusters);
    out.putInt(snapshotCount).putLong(snapshotsOffset);
    if (version >= 3) {
      out.putLong(incompatible).putLong(compatible).putLong(autoclear);
      out.putInt(refcountOrder).putInt(encodedLength());
      out.put((byte) compressionType).put(new byte[7]);
      unknownFields.putTo(out);
    }
  }

  /// Bytes that [#encode] writes: extensions begin there.
  public int encodedLength() {
    return version == 2 ? V2_LENGTH : V3_LENGTH + unknownFields.length();
  }

  public Geometry geometry() {
    return new Geometry(clusterBits, extendedL2(), refcountOrder);
  }

  public int clusterSize() {
    return 1 << clusterBits;
  }

  public boolean extendedL2() {
    return (incompatible & FeatureBits.EXTENDED_L2) != 0;
  }

  public boolean dirty() {
    return (incompatible & FeatureBits.DIRTY) != 0;
  }

  public boolean corrupt() {
    return (incompatible & FeatureBits.CORRUPT) != 0;
  }

  public boolean externalDataFile() {
    return (incompatible & FeatureBits.DATA_FILE) != 0;
  }

  public boolean lazyRefcounts() {
    return (compatible & FeatureBits.LAZY_REFCOUNTS) != 0;
  }

  /// Changes the disk size, in bytes.
  public Header withSize(long newSize) {
    return copy().size(newSize).build();
  }

  public Header withL1(int newL1Size, long newL1Offset) {
    return copy().l1(newL1Size, newL1Offset).build();
  }

  public Header withRefcountTable(long offset, int clusters) {
    return copy().refcountTable(offset, clusters).build();
  }

  public Header withSnapshots(int count, long offset) {
    return copy().snapshots(count, offset).build();
  }

  public Header withBackingAt(long offset, int length) {
    return copy().backingAt(offset, length).build();
  }

  public Header withIncompatible(long bits) {
    return copy().incompatible(bits).build();
  }

  public Header withCompatible(long bits) {
    return copy().compatible(bits).build();
  }

  public Header withAutoclear(long bits) {
    return copy().autoclear(bits).build();
  }

  private HeaderBuilder copy() {
    return new HeaderBuilder(this);
  }

  /// A header for a new image; everything that is not given is 0 or the version's default.
  public static HeaderBuilder builder(int version, int clusterBits) {
    return new HeaderBuilder(version, clusterBits);
  }
}
