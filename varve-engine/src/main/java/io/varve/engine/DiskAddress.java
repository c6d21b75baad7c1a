// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import org.jspecify.annotations.Nullable;

/// `disk`, `pool/disk`, `disk@snapshot` or `pool/disk@snapshot`.
///
/// @param pool null means: the only pool with a disk of that name
/// @param disk name of the disk
/// @param snapshot name of a snapshot of the disk, or null for the disk as it is now. A compute
///   snapshot that QEMU made may have any name or be addressed by its id
public record DiskAddress(@Nullable String pool, String disk, @Nullable String snapshot) {
  public DiskAddress {
    if (pool != null) {
      Names.check("pool", pool);
    }
    Names.check("disk", disk);
    if (snapshot != null && (snapshot.isEmpty() || snapshot.length() > 255)) {
      throw invalid("@" + snapshot, "the snapshot's name is empty or too long");
    }
  }

  /// Parses an address of a disk or of a snapshot.
  ///
  /// @throws InvalidRequestException if it is neither
  public static DiskAddress parse(String text) {
    int at = text.indexOf('@');
    String where = at < 0 ? text : text.substring(0, at);
    String snapshot = at < 0 ? null : text.substring(at + 1);
    int slash = where.indexOf('/');
    if (where.indexOf('/', slash + 1) >= 0 && slash >= 0) {
      throw invalid(text, "it has more than one '/'");
    }
    String pool = slash < 0 ? null : where.substring(0, slash);
    return new DiskAddress(pool, where.substring(slash + 1), snapshot);
  }

  /// Parses an address that must name a disk, not a snapshot.
  public static DiskAddress parseDisk(String text) {
    DiskAddress address = parse(text);
    if (address.snapshot != null) {
      throw invalid(text, "it names a snapshot, expected a disk");
    }
    return address;
  }

  /// Parses an address that must name a snapshot.
  public static DiskAddress parseSnapshot(String text) {
    DiskAddress address = parse(text);
    if (address.snapshot == null) {
      throw invalid(text, "it names no snapshot, expected disk@snapshot");
    }
    return address;
  }

  public static DiskAddress disk(String pool, String disk) {
    return new DiskAddress(pool, disk, null);
  }

  /// The same disk at a snapshot.
  public DiskAddress at(String snapshotName) {
    return new DiskAddress(pool, disk, snapshotName);
  }

  /// The disk itself, without a snapshot.
  public DiskAddress diskOnly() {
    return snapshot == null ? this : new DiskAddress(pool, disk, null);
  }

  private static InvalidRequestException invalid(String text, String why) {
    return new InvalidRequestException(
        ProblemCode.INVALID_ADDRESS,
        "'" + Names.shown(text) + "' is not an address: " + why,
        "Write disk, pool/disk, disk@snapshot or pool/disk@snapshot.");
  }

  @Override
  public String toString() {
    return (pool == null ? "" : pool + "/") + disk + (snapshot == null ? "" : "@" + snapshot);
  }
}
