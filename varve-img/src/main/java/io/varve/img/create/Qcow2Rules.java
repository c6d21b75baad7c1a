// SPDX-License-Identifier: Apache-2.0
package io.varve.img.create;

import io.varve.image.BackingReference;
import io.varve.image.Preallocation;
import io.varve.image.qcow2.Compression;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.Limits;
import io.varve.img.ImgException;
import org.jspecify.annotations.Nullable;

/// What the options of a new qcow2 image must be, alone and together, in the order in which QEMU
/// looks and in its words.
final class Qcow2Rules {
  private static final String SINCE_V3 =
      " only supported with compatibility level 1.1 and above (use version=v3 or greater)";
  private static final long LARGEST = 0x7fff_ffff_c000_0000L;

  private final CreateOptions options;
  private final int version;
  private final @Nullable String backing;
  private final @Nullable String backingFormat;

  private Qcow2Rules(CreateOptions options) throws ImgException {
    this.options = options;
    this.version = version(options.get("compat"));
    this.backing = options.get("backing_file");
    this.backingFormat = options.get("backing_fmt");
  }

  /// The image to make.
  ///
  /// @throws ImgException if QEMU refuses the options
  static Qcow2CreateOptions check(CreateOptions options) throws ImgException {
    Qcow2Rules rules = new Qcow2Rules(options);
    rules.checkWords();
    return rules.checkTogether();
  }

  private static int version(@Nullable String compat) throws ImgException {
    if (compat == null) {
      return 3;
    }
    return switch (compat) {
      case "0.10", "v2" -> 2;
      case "1.1", "v3" -> 3;
      default -> throw notAccepted("version", compat);
    };
  }

  private static ImgException notAccepted(String name, String value) {
    return new ImgException("Parameter '" + name + "' does not accept value '" + value + "'");
  }

  private static void require(boolean holds, String message) throws ImgException {
    if (!holds) {
      throw new ImgException(message);
    }
  }

  /// Each option that is one of a few words.
  private void checkWords() throws ImgException {
    if (backingFormat != null && !ImageFormats.isKnown(backingFormat)) {
      throw notAccepted("backing-fmt", backingFormat);
    }
    EncryptRules.checkWords(options);
    String mode = options.get("preallocation");
    if (mode != null) {
      switch (mode) {
        case "off", "metadata", "falloc", "full" -> {}
        default -> throw notAccepted("preallocation", mode);
      }
    }
    String compression = options.get("compression_type");
    if (compression != null && !compression.equals("zlib") && !compression.equals("zstd")) {
      throw notAccepted("compression-type", compression);
    }
  }

  private Qcow2CreateOptions checkTogether() throws ImgException {
    long clusterSize = options.number("cluster_size", 65536);
    boolean extended = options.isOn("extended_l2");
    requireClusters(clusterSize, extended);
    String mode = options.get("preallocation");
    boolean allocates = mode != null && !mode.equals("off");
    require(
        !allocates || backing == null || extended,
        "Backing file and preallocation can only be used at the same time if extended_l2 is on");
    require(
        backingFormat == null || backing != null,
        "Backing format cannot be used without backing file");
    boolean lazy = options.isOn("lazy_refcounts");
    require(version >= 3 || !lazy, "Lazy refcounts" + SINCE_V3);
    long refcountBits = options.number("refcount_bits", 16);
    require(
        refcountBits >= 1 && refcountBits <= 64 && Long.bitCount(refcountBits) == 1,
        "Refcount width must be a power of two and may not exceed 64 bits");
    require(
        version >= 3 || refcountBits == 16,
        "Different refcount widths than 16 bits require compatibility level 1.1 or above (use"
            + " version=v3 or greater)");
    requireDataFile();
    boolean zstd = "zstd".equals(options.get("compression_type"));
    require(version >= 3 || !zstd, "Non-zlib compression type is" + SINCE_V3);
    int clusterBits = Long.numberOfTrailingZeros(clusterSize);
    int refcountOrder = Long.numberOfTrailingZeros(refcountBits);
    long size = size(new Geometry(clusterBits, extended, refcountOrder));
    return Qcow2CreateOptions.ofSize(size)
        .withQemuLayout(true)
        .withVersion(version)
        .withClusterBits(clusterBits)
        .withRefcountOrder(refcountOrder)
        .withExtendedL2(extended)
        .withLazyRefcounts(lazy)
        .withCompression(zstd ? Compression.ZSTD : Compression.ZLIB)
        .withPreallocation(preallocation(mode))
        .withDataFile(options.get("data_file"), options.isOn("data_file_raw"))
        .withBacking(backing == null ? null : new BackingReference(backing, backingFormat));
  }

  private void requireClusters(long clusterSize, boolean extended) throws ImgException {
    requireClusterSize(clusterSize);
    require(!extended || version >= 3, "Extended L2 entries are" + SINCE_V3);
    requireSubclusters(clusterSize, extended);
  }

  static void requireClusterSize(long clusterSize) throws ImgException {
    require(
        clusterSize >= 1 << Limits.MIN_CLUSTER_BITS
            && clusterSize <= 1 << Limits.MAX_CLUSTER_BITS
            && Long.bitCount(clusterSize) == 1,
        "Cluster size must be a power of two between 512 and 2048k");
  }

  static void requireSubclusters(long clusterSize, boolean extended) throws ImgException {
    require(
        !extended || clusterSize >= 1 << Limits.MIN_EXTENDED_L2_CLUSTER_BITS,
        "Extended L2 entries are only supported with cluster sizes of at least 16384 bytes");
  }

  private void requireDataFile() throws ImgException {
    boolean raw = options.isOn("data_file_raw");
    boolean dataFile = options.has("data_file");
    require(!raw || dataFile, "data-file-raw requires data-file");
    require(
        !raw || backing == null, "Backing file and data-file-raw cannot be used at the same time");
    require(version >= 3 || !dataFile, "External data files are" + SINCE_V3);
  }

  private long size(Geometry geometry) throws ImgException {
    long given = options.number("size", 0);
    require(given <= Long.MAX_VALUE - 511, "Could not resize image: Image size cannot be negative");
    long size = (given + 511) & -512L;
    require(
        size <= LARGEST,
        "Could not resize image: offset(" + size + ") exceeds maximum(" + LARGEST + ")");
    require(
        geometry.l1EntriesFor(size) <= Limits.MAX_L1_BYTES / Long.BYTES,
        "The image size is too large for file format 'qcow2' (try using a larger cluster size)");
    return size;
  }

  private static Preallocation preallocation(@Nullable String mode) {
    if (mode == null) {
      return Preallocation.OFF;
    }
    return switch (mode) {
      case "metadata" -> Preallocation.METADATA;
      case "falloc" -> Preallocation.FALLOC;
      case "full" -> Preallocation.FULL;
      default -> Preallocation.OFF;
    };
  }
}
