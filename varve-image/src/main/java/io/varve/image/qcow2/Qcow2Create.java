// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.Below;
import io.varve.image.EncryptionException;
import io.varve.image.Preallocation;
import io.varve.image.UnsupportedImageException;
import io.varve.image.qcow2.crypto.NewLuks;
import io.varve.image.qcow2.format.FeatureBits;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.format.HeaderArea;
import io.varve.image.qcow2.format.Limits;
import io.varve.image.qcow2.format.LuksExtension;
import io.varve.image.qcow2.format.Qcow2FormatException;
import io.varve.image.qcow2.format.RefcountWidth;
import io.varve.image.qcow2.metadata.EntryTable;
import io.varve.image.storage.ForwardingStorage;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Makes a new, empty image:
///
/// ```
/// cluster 0      header, extensions, backing name
/// then           refcount table | refcount blocks | L1 table
/// ```
///
/// Only the header, the used part of the refcount structure and nothing of the L1 table (it is all
/// zero) are written, so the cost does not follow the size of the disk. The header comes last,
/// after a barrier: a crash leaves a file that is no image, never a broken one.
public final class Qcow2Create {
  /// An empty L1 table of up to so many bytes is written; of a larger one only the space is taken.
  private static final int WRITTEN_L1 = 64 << 10;

  private static final int MIN_WRITTEN = 512;

  private final Qcow2CreateOptions options;
  private final Geometry geometry;
  private final long l1Entries;
  private final long l1Clusters;
  private long tableClusters = 1;
  private long blocks = 1;
  private final @Nullable NewLuks luks;

  private Qcow2Create(String name, Qcow2CreateOptions options) throws EncryptionException {
    this.options = options;
    this.geometry =
        new Geometry(options.clusterBits(), options.extendedL2(), options.refcountOrder());
    this.l1Entries = geometry.l1EntriesFor(options.size());
    this.l1Clusters = geometry.clustersFor(l1Entries * Long.BYTES);
    NewEncryption encryption = options.encryption();
    this.luks =
        encryption == null || encryption.luks() == null
            ? null
            : NewLuks.plan(name, encryption.luks(), encryption.work());
    layOut();
  }

  /// Writes an image into `storage`, which must be empty or may be overwritten (a device); durable
  /// on return.
  ///
  /// @throws UnsupportedImageException if the format or QEMU's limits do not allow the options;
  ///   nothing is written then
  public static void create(Storage storage, Qcow2CreateOptions options) throws IOException {
    make(storage, options);
    if (options.dataFile() == null) {
      preallocate(storage, options, options.preallocation(), Qcow2Options.readWrite());
    }
  }

  private static void make(Storage storage, Qcow2CreateOptions options) throws IOException {
    requirePossible(storage.name(), options);
    try {
      Qcow2Create whole = new Qcow2Create(storage.name(), options);
      if (!options.qemuLayout()
          || (whole.blocks == 1 && whole.tableClusters == 1)
          || storage.capabilities().fixedSize()) {
        whole.writeTo(storage);
        return;
      }
      new Qcow2Create(storage.name(), options.withSize(0)).writeTo(storage);
      grow(storage, options.size());
    } catch (Qcow2FormatException e) {
      throw FormatErrors.named(storage.name(), e);
    }
  }

  private static void preallocate(
      Storage storage, Qcow2CreateOptions options, Preallocation mode, Qcow2Options open)
      throws IOException {
    if (mode != Preallocation.OFF) {
      NewEncryption encryption = options.encryption();
      Qcow2Options keyed =
          encryption == null ? open : open.withKeys(encryption.keys()).withLegacyAesWrites(true);
      try (Qcow2Layer layer = Qcow2Layer.open(ForwardingStorage.handleOn(storage), keyed)) {
        layer.preallocate(mode);
      }
    }
  }

  /// As [#create], with an external data file, which is emptied and gets the size of the disk. If
  /// it is to be raw, every cluster is mapped to its place in it.
  ///
  /// @param dataFile the file that `options` name
  public static void create(Storage storage, Storage dataFile, Qcow2CreateOptions options)
      throws IOException {
    requirePossible(storage.name(), options);
    if (options.dataFile() == null) {
      throw new IllegalArgumentException("the options name no data file");
    }
    if (!dataFile.capabilities().fixedSize()) {
      dataFile.truncate(0);
    }
    dataFile.truncate(options.size());
    make(storage, options);
    Preallocation asked = options.preallocation();
    boolean mapped = options.rawDataFile() && asked == Preallocation.OFF;
    preallocate(
        storage,
        options,
        mapped ? Preallocation.METADATA : asked,
        Qcow2Options.readWrite()
            .withDataFile((_, _) -> ForwardingStorage.handleOn(dataFile))
            .withPunchFreed(false));
  }

  private static void requirePossible(String name, Qcow2CreateOptions o)
      throws UnsupportedImageException {
    require(o.version() == 2 || o.version() == 3, name, "the version is 2 or 3");
    require(o.size() >= 0 && o.size() % 512 == 0, name, "a disk size is a multiple of 512 bytes");
    require(
        o.clusterBits() >= Limits.MIN_CLUSTER_BITS && o.clusterBits() <= Limits.MAX_CLUSTER_BITS,
        name,
        "cluster sizes go from 512 bytes to 2 MiB");
    require(
        o.refcountOrder() >= 0 && o.refcountOrder() <= Limits.MAX_REFCOUNT_ORDER,
        name,
        "refcounts have 1 to 64 bits");
    require(
        o.version() == 3 || fitsVersion2(o),
        name,
        "version 2 has 16-bit refcounts, deflate, and neither extended L2 nor lazy refcounts; use"
            + " version 3");
    require(
        !o.extendedL2() || o.clusterBits() >= Limits.MIN_EXTENDED_L2_CLUSTER_BITS,
        name,
        "extended L2 needs clusters of 16 KiB or more");
    require(
        o.version() == 3 || o.dataFile() == null,
        name,
        "External data files are only supported with compatibility level 1.1 and above (use"
            + " version=v3 or greater)");
    require(!o.rawDataFile() || o.dataFile() != null, name, "data-file-raw requires data-file");
    require(
        !o.rawDataFile() || o.backing() == null,
        name,
        "Backing file and data-file-raw cannot be used at the same time");
    require(
        o.backing() == null || o.preallocation() == Preallocation.OFF || o.extendedL2(),
        name,
        "Backing file and preallocation can only be used at the same time if extended_l2 is on");
    Geometry geometry = new Geometry(o.clusterBits(), o.extendedL2(), o.refcountOrder());
    require(
        geometry.l1EntriesFor(o.size()) <= Limits.MAX_L1_BYTES / Long.BYTES,
        name,
        "a disk of " + o.size() + " bytes needs larger clusters than " + geometry.clusterSize());
  }

  private static boolean fitsVersion2(Qcow2CreateOptions o) {
    return o.refcountOrder() == 4
        && !o.extendedL2()
        && !o.lazyRefcounts()
        && o.compression() == Compression.ZLIB;
  }

  private static void require(boolean holds, String name, String rule)
      throws UnsupportedImageException {
    if (!holds) {
      throw new UnsupportedImageException(name + ": the image cannot be created: " + rule);
    }
  }

  /// Finds how many refcount blocks cover all of this, themselves included.
  private void layOut() {
    boolean grew = true;
    while (grew) {
      long used = usedClusters();
      long blocksNow =
          (used + geometry.refcountBlockEntries() - 1) >>> geometry.refcountBlockBits();
      long tableNow = geometry.clustersFor(blocksNow * Long.BYTES);
      grew = blocksNow > blocks || tableNow > tableClusters;
      blocks = blocksNow;
      tableClusters = tableNow;
    }
  }

  private long usedClusters() {
    return 1 + tableClusters + blocks + l1Clusters + luksClusters();
  }

  private long luksClusters() {
    return luks == null ? 0 : geometry.clustersFor(luks.length());
  }

  private long luksOffset() {
    return geometry.hostOffset(usedClusters() - luksClusters());
  }

  private long blockOffset(long index) {
    return geometry.hostOffset(1 + tableClusters + index);
  }

  private long l1Bytes() {
    return geometry.l1EntriesFor(options.size()) * Long.BYTES;
  }

  private void writeTo(Storage storage) throws IOException {
    byte[] header = header().encode();
    long end = geometry.hostOffset(usedClusters());
    if (storage.capabilities().fixedSize()) {
      storage.zero(0, end);
    } else {
      storage.truncate(0);
      // Tables that are holes would let the file look preallocated to those who compare counts
      // with the space spent.
      storage.reserve(0, blockOffset(blocks) + l1Bytes());
    }
    long[] table = new long[tableEntries()];
    for (int i = 0; i < blocks; i++) {
      table[i] = blockOffset(i);
      storage.write(blockOffset(i), written(counts(i)));
    }
    EntryTable.store(storage, geometry.hostOffset(1), table);
    if (options.qemuLayout() && l1Bytes() <= WRITTEN_L1) {
      storage.write(blockOffset(blocks), ByteBuffer.allocate((int) l1Bytes()));
    }
    writeLuks(storage);
    storage.flush();
    storage.write(0, written(header));
    storage.flush();
  }

  private int tableEntries() {
    return (int) (options.qemuLayout() ? geometry.hostOffset(tableClusters) / Long.BYTES : blocks);
  }

  /// What of a cluster is written: what follows is zero in the file already.
  private ByteBuffer written(byte[] cluster) {
    int length = cluster.length;
    while (!options.qemuLayout() && length > MIN_WRITTEN && cluster[length - 1] == 0) {
      length--;
    }
    return ByteBuffer.wrap(cluster, 0, length);
  }

  /// An L1 table beyond what the first refcount block counts is added as to an image that grows.
  private static void grow(Storage storage, long size) throws IOException {
    Qcow2Options options = Qcow2Options.readWrite().withoutData().withQemuLayout(true);
    try (Qcow2Layer layer = Qcow2Layer.open(ForwardingStorage.handleOn(storage), options)) {
      layer.resize(size, Below.NOTHING);
    }
  }

  private void writeLuks(Storage storage) throws IOException {
    NewEncryption encryption = options.encryption();
    if (luks != null && encryption != null) {
      // The slots that nothing is written to lie inside the file too.
      storage.reserve(luksOffset(), geometry.hostOffset(luksClusters()));
      byte[] passphrase = encryption.passphrase(storage.name());
      try {
        luks.writeTo(storage, luksOffset(), passphrase);
      } finally {
        Arrays.fill(passphrase, (byte) 0);
      }
    }
  }

  private int cryptMethod() {
    if (options.encryption() == null) {
      return Header.CRYPT_NONE;
    }
    return luks == null ? Header.CRYPT_AES : Header.CRYPT_LUKS;
  }

  /// A block that counts the used clusters of its range.
  private byte[] counts(long index) {
    long first = index << geometry.refcountBlockBits();
    long used = Math.min(geometry.refcountBlockEntries(), usedClusters() - first);
    byte[] block = new byte[geometry.clusterSize()];
    for (int i = 0; i < used; i++) {
      RefcountWidth.set(block, i, geometry.refcountOrder(), 1);
    }
    return block;
  }

  private long incompatible() {
    long bits = options.extendedL2() ? FeatureBits.EXTENDED_L2 : 0;
    bits |= options.compression() == Compression.ZLIB ? 0 : FeatureBits.COMPRESSION;
    return options.dataFile() == null ? bits : bits | FeatureBits.DATA_FILE;
  }

  private HeaderArea header() {
    Header header =
        Header.builder(options.version(), options.clusterBits())
            .size(options.size())
            .cryptMethod(cryptMethod())
            .l1((int) l1Entries, l1Entries == 0 ? 0 : blockOffset(blocks))
            .refcountTable(geometry.hostOffset(1), (int) tableClusters)
            .refcountOrder(options.refcountOrder())
            .compressionType(options.compression().type())
            .incompatible(incompatible())
            .compatible(options.lazyRefcounts() ? FeatureBits.LAZY_REFCOUNTS : 0)
            .autoclear(options.rawDataFile() ? FeatureBits.RAW_DATA : 0)
            .build();
    HeaderArea area = new HeaderArea(header, List.of(), null);
    if (options.backing() != null) {
      area = area.withBacking(options.backing().name(), options.backing().format());
    }
    if (options.dataFile() != null) {
      area = area.withDataFile(options.dataFile());
    }
    if (luks != null) {
      area = area.with(new LuksExtension(luksOffset(), luks.length()).encode());
    }
    if (options.identity() != null) {
      area = area.withIdentity(options.identity());
    }
    return area.withFeatureNames();
  }
}
