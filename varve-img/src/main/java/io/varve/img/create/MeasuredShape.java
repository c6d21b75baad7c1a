// SPDX-License-Identifier: Apache-2.0
package io.varve.img.create;

import io.varve.img.ImgException;
import org.jspecify.annotations.Nullable;

/// What decides the size of a qcow2 file besides its disk. `measure` judges fewer options than
/// `create`, in words of its own.
///
/// @param headerBytes clusters of the encryption header, bytes
/// @param allocates all data is set aside ahead
public record MeasuredShape(
    int version,
    long clusterSize,
    boolean extended,
    long refcountBits,
    boolean allocates,
    long headerBytes) {

  public static MeasuredShape of(CreateOptions options) throws ImgException {
    boolean extended = options.isOn("extended_l2");
    long cluster = options.number("cluster_size", 65536);
    Qcow2Rules.requireClusterSize(cluster);
    Qcow2Rules.requireSubclusters(cluster, extended);
    boolean allocates = allocates(options.get("preallocation"));
    int version = version(options.get("compat"));
    long refcountBits = options.number("refcount_bits", 16);
    if (refcountBits < 1 || refcountBits > 64 || Long.bitCount(refcountBits) != 1) {
      throw new ImgException("Refcount width must be a power of two and may not exceed 64 bits");
    }
    if (version < 3 && refcountBits != 16) {
      throw new ImgException(
          "Different refcount widths than 16 bits require compatibility level 1.1 or above (use"
              + " compat=1.1 or greater)");
    }
    long header = LuksSize.of(options, cluster);
    return new MeasuredShape(version, cluster, extended, refcountBits, allocates, header);
  }

  public int l2EntryBytes() {
    return extended ? 16 : 8;
  }

  private static boolean allocates(@Nullable String mode) throws ImgException {
    if (mode == null) {
      return false;
    }
    return switch (mode) {
      case "off", "metadata" -> false;
      case "falloc", "full" -> true;
      default -> throw new ImgException("invalid parameter value: " + mode);
    };
  }

  private static int version(@Nullable String compat) throws ImgException {
    if (compat == null) {
      return 3;
    }
    return switch (compat) {
      case "0.10", "v2" -> 2;
      case "1.1", "v3" -> 3;
      default -> throw new ImgException("Invalid compatibility level: '" + compat + "'");
    };
  }
}
