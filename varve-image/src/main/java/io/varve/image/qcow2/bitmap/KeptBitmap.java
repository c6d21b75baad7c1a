// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.bitmap;

import io.varve.image.qcow2.format.BitmapDirectoryEntry;
import io.varve.image.qcow2.format.Bytes;
import org.jspecify.annotations.Nullable;

/// One bitmap of an open image. Guarded by [BitmapStore].
final class KeptBitmap {
  final Bytes name;
  final int granularityBits;

  /// Records changes of the disk.
  boolean enabled;

  /// Null where the bitmap is inconsistent: what it missed is unknown.
  @Nullable BitmapData data;

  /// As it stands on disk; null for one that was never stored.
  @Nullable BitmapDirectoryEntry entry;

  /// Where the entry begins in the directory on disk.
  int entryAt;

  /// Its entry on disk says *in use*.
  boolean marked;

  KeptBitmap(Bytes name, int granularityBits, boolean enabled, @Nullable BitmapData data) {
    this.name = name;
    this.granularityBits = granularityBits;
    this.enabled = enabled;
    this.data = data;
  }

  boolean inconsistent() {
    return data == null;
  }

  boolean recording() {
    return enabled && data != null;
  }

  /// True if the disk does not have it as it is now.
  boolean unsaved() {
    BitmapDirectoryEntry old = entry;
    BitmapData now = data;
    if (old == null) {
      return true;
    }
    return now != null && (marked || old.auto() != enabled || needsTable());
  }

  /// True if the table on disk is not the one that it needs.
  boolean needsTable() {
    BitmapDirectoryEntry old = entry;
    BitmapData now = data;
    return now != null && (old == null || now.anyChanged() || now.pieces() != old.tableEntries());
  }

  int flags() {
    int auto = enabled ? BitmapDirectoryEntry.AUTO : 0;
    return inconsistent() ? auto | BitmapDirectoryEntry.IN_USE : auto;
  }
}
