// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

/// Against which of an image's structures each write is checked (`overlap-check` in QEMU).
///
/// @param inactiveL2 L2 tables of internal snapshots, which are read from the file for each write
public record OverlapRules(
    boolean mainHeader,
    boolean activeL1,
    boolean activeL2,
    boolean refcountBlock,
    boolean refcountTable,
    boolean snapshotTable,
    boolean inactiveL1,
    boolean inactiveL2,
    boolean bitmapDirectory) {
  /// No check.
  public static final OverlapRules NONE =
      new OverlapRules(false, false, false, false, false, false, false, false, false);

  /// Structures that do not move while an image is in use.
  public static final OverlapRules CONSTANT =
      new OverlapRules(true, false, false, false, true, true, false, false, true);

  /// All that is known without reading: the default.
  public static final OverlapRules CACHED =
      new OverlapRules(true, true, true, true, true, true, true, false, true);

  public static final OverlapRules ALL =
      new OverlapRules(true, true, true, true, true, true, true, true, true);
}
