// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.BackingReference;
import io.varve.image.Preallocation;
import io.varve.image.qcow2.format.VarveIdentity;
import org.jspecify.annotations.Nullable;

/// What a new image shall be. Immutable: every `with…` method returns another value.
public final class Qcow2CreateOptions {
  private long size;
  private int version = 3;
  private int clusterBits = 16;
  private int refcountOrder = 4;
  private boolean extendedL2;
  private boolean lazyRefcounts;
  private Compression compression = Compression.ZLIB;
  private Preallocation preallocation = Preallocation.OFF;
  private @Nullable BackingReference backing;
  private @Nullable VarveIdentity identity;
  private @Nullable String dataFile;
  private boolean rawDataFile;
  private @Nullable NewEncryption encryption;
  private boolean qemuLayout;

  private Qcow2CreateOptions(long size) {
    this.size = size;
  }

  private Qcow2CreateOptions(Qcow2CreateOptions from) {
    size = from.size;
    version = from.version;
    clusterBits = from.clusterBits;
    refcountOrder = from.refcountOrder;
    extendedL2 = from.extendedL2;
    lazyRefcounts = from.lazyRefcounts;
    compression = from.compression;
    preallocation = from.preallocation;
    backing = from.backing;
    identity = from.identity;
    dataFile = from.dataFile;
    rawDataFile = from.rawDataFile;
    encryption = from.encryption;
    qemuLayout = from.qemuLayout;
  }

  /// Version 3, 64 KiB clusters, 16-bit refcounts: QEMU's defaults.
  public static Qcow2CreateOptions ofSize(long size) {
    return new Qcow2CreateOptions(size);
  }

  /// Of the disk in bytes, a multiple of 512.
  public long size() {
    return size;
  }

  /// 2 or 3.
  public int version() {
    return version;
  }

  /// Log2 of the cluster size, 9 to 21.
  public int clusterBits() {
    return clusterBits;
  }

  /// Log2 of the refcount width, 0 to 6; version 2 knows only 4.
  public int refcountOrder() {
    return refcountOrder;
  }

  /// 32 subclusters a cluster; version 3, clusters from 16 KiB.
  public boolean extendedL2() {
    return extendedL2;
  }

  /// Refcount updates may be postponed; version 3.
  public boolean lazyRefcounts() {
    return lazyRefcounts;
  }

  /// How clusters that are written compressed are encoded; zstd needs version 3.
  public Compression compression() {
    return compression;
  }

  /// What is set aside for the data to come; over a base only with extended L2.
  public Preallocation preallocation() {
    return preallocation;
  }

  /// The base, or null.
  public @Nullable BackingReference backing() {
    return backing;
  }

  /// Varve's own header extension, or null.
  public @Nullable VarveIdentity identity() {
    return identity;
  }

  /// Name of the external data file, as the header records it, or null; version 3.
  public @Nullable String dataFile() {
    return dataFile;
  }

  /// The external data file alone shall be a raw image; needs a data file and no base.
  public boolean rawDataFile() {
    return rawDataFile;
  }

  /// True if the tables are written whole, zeros and all.
  public boolean qemuLayout() {
    return qemuLayout;
  }

  /// The tables are written whole, as QEMU does, so that the file spends the same blocks. Without
  /// it only the space is taken for what is zero, and a new image costs the same few kilobytes
  /// whatever the size of its disk.
  public Qcow2CreateOptions withQemuLayout(boolean as) {
    Qcow2CreateOptions next = new Qcow2CreateOptions(this);
    next.qemuLayout = as;
    return next;
  }

  public Qcow2CreateOptions withSize(long bytes) {
    Qcow2CreateOptions next = new Qcow2CreateOptions(this);
    next.size = bytes;
    return next;
  }

  public Qcow2CreateOptions withVersion(int newVersion) {
    Qcow2CreateOptions next = new Qcow2CreateOptions(this);
    next.version = newVersion;
    return next;
  }

  public Qcow2CreateOptions withClusterBits(int bits) {
    Qcow2CreateOptions next = new Qcow2CreateOptions(this);
    next.clusterBits = bits;
    return next;
  }

  public Qcow2CreateOptions withRefcountOrder(int order) {
    Qcow2CreateOptions next = new Qcow2CreateOptions(this);
    next.refcountOrder = order;
    return next;
  }

  public Qcow2CreateOptions withExtendedL2(boolean extended) {
    Qcow2CreateOptions next = new Qcow2CreateOptions(this);
    next.extendedL2 = extended;
    return next;
  }

  public Qcow2CreateOptions withLazyRefcounts(boolean lazy) {
    Qcow2CreateOptions next = new Qcow2CreateOptions(this);
    next.lazyRefcounts = lazy;
    return next;
  }

  public Qcow2CreateOptions withCompression(Compression type) {
    Qcow2CreateOptions next = new Qcow2CreateOptions(this);
    next.compression = type;
    return next;
  }

  public Qcow2CreateOptions withPreallocation(Preallocation ahead) {
    Qcow2CreateOptions next = new Qcow2CreateOptions(this);
    next.preallocation = ahead;
    return next;
  }

  public Qcow2CreateOptions withBacking(@Nullable BackingReference base) {
    Qcow2CreateOptions next = new Qcow2CreateOptions(this);
    next.backing = base;
    return next;
  }

  public Qcow2CreateOptions withIdentity(@Nullable VarveIdentity own) {
    Qcow2CreateOptions next = new Qcow2CreateOptions(this);
    next.identity = own;
    return next;
  }

  /// @param name as the header records it
  /// @param raw the data file alone shall be a raw image
  public Qcow2CreateOptions withDataFile(@Nullable String name, boolean raw) {
    Qcow2CreateOptions next = new Qcow2CreateOptions(this);
    next.dataFile = name;
    next.rawDataFile = raw;
    return next;
  }

  /// How guest data is encrypted, or null.
  public @Nullable NewEncryption encryption() {
    return encryption;
  }

  public Qcow2CreateOptions withEncryption(@Nullable NewEncryption how) {
    Qcow2CreateOptions next = new Qcow2CreateOptions(this);
    next.encryption = how;
    return next;
  }
}
