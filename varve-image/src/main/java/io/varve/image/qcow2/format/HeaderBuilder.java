// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

/// Puts a [Header] together, for a new image or from another header. Not for use by two threads.
public final class HeaderBuilder {
  private static final int DEFAULT_REFCOUNT_ORDER = 4;

  private final int version;
  private final int clusterBits;
  private long backingOffset;
  private int backingSize;
  private long size;
  private int cryptMethod;
  private int l1Size;
  private long l1Offset;
  private long refcountTableOffset;
  private int refcountTableClusters;
  private int snapshotCount;
  private long snapshotsOffset;
  private long incompatible;
  private long compatible;
  private long autoclear;
  private int refcountOrder = DEFAULT_REFCOUNT_ORDER;
  private int headerLength;
  private int compressionType;
  private Bytes unknownFields = Bytes.EMPTY;

  HeaderBuilder(int version, int clusterBits) {
    this.version = version;
    this.clusterBits = clusterBits;
    this.headerLength = version == 2 ? Header.V2_LENGTH : Header.V3_LENGTH;
  }

  HeaderBuilder(Header from) {
    version = from.version();
    clusterBits = from.clusterBits();
    backingOffset = from.backingOffset();
    backingSize = from.backingSize();
    size = from.size();
    cryptMethod = from.cryptMethod();
    l1Size = from.l1Size();
    l1Offset = from.l1Offset();
    refcountTableOffset = from.refcountTableOffset();
    refcountTableClusters = from.refcountTableClusters();
    snapshotCount = from.snapshotCount();
    snapshotsOffset = from.snapshotsOffset();
    incompatible = from.incompatible();
    compatible = from.compatible();
    autoclear = from.autoclear();
    refcountOrder = from.refcountOrder();
    headerLength = from.headerLength();
    compressionType = from.compressionType();
    unknownFields = from.unknownFields();
  }

  public HeaderBuilder backingAt(long offset, int length) {
    backingOffset = offset;
    backingSize = length;
    return this;
  }

  public HeaderBuilder size(long bytes) {
    size = bytes;
    return this;
  }

  public HeaderBuilder cryptMethod(int method) {
    cryptMethod = method;
    return this;
  }

  public HeaderBuilder l1(int entries, long offset) {
    l1Size = entries;
    l1Offset = offset;
    return this;
  }

  public HeaderBuilder refcountTable(long offset, int clusters) {
    refcountTableOffset = offset;
    refcountTableClusters = clusters;
    return this;
  }

  public HeaderBuilder snapshots(int count, long offset) {
    snapshotCount = count;
    snapshotsOffset = offset;
    return this;
  }

  public HeaderBuilder incompatible(long bits) {
    incompatible = bits;
    return this;
  }

  public HeaderBuilder compatible(long bits) {
    compatible = bits;
    return this;
  }

  public HeaderBuilder autoclear(long bits) {
    autoclear = bits;
    return this;
  }

  public HeaderBuilder refcountOrder(int order) {
    refcountOrder = order;
    return this;
  }

  /// Sets the incompatible bit that goes with the type as well.
  public HeaderBuilder compressionType(int type) {
    compressionType = type;
    incompatible =
        type == Header.COMPRESSION_ZLIB
            ? incompatible & ~FeatureBits.COMPRESSION
            : incompatible | FeatureBits.COMPRESSION;
    return this;
  }

  HeaderBuilder headerLength(int bytes) {
    headerLength = bytes;
    return this;
  }

  HeaderBuilder unknownFields(Bytes fields) {
    unknownFields = fields;
    return this;
  }

  public Header build() {
    return new Header(
        version,
        backingOffset,
        backingSize,
        clusterBits,
        size,
        cryptMethod,
        l1Size,
        l1Offset,
        refcountTableOffset,
        refcountTableClusters,
        snapshotCount,
        snapshotsOffset,
        incompatible,
        compatible,
        autoclear,
        refcountOrder,
        headerLength,
        compressionType,
        unknownFields);
  }
}
