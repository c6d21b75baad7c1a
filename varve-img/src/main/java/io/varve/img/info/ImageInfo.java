// SPDX-License-Identifier: Apache-2.0
package io.varve.img.info;

import io.varve.image.qcow2.format.SnapshotEntry;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What is told of one image.
///
/// @param fileName as QEMU shows it
/// @param virtualSize size of the disk, bytes
/// @param actualSize bytes that the file spends, -1 where unknown
/// @param clusterSize bytes, 0 where the format has no clusters
/// @param backingName as stored in the image, null for none
/// @param fullBackingName the name to open for it, null where that cannot be told
/// @param formatType the `type` of the format's own data, null where there is none
/// @param specific the format's own data by JSON key; values are String, Long, Boolean, List and
///   Map
/// @param others further files that it lies in, such as the extents of a VMDK
/// @param file the file it lies in; null where the image is that file itself
record ImageInfo(
    String fileName,
    String format,
    long virtualSize,
    long actualSize,
    boolean encrypted,
    boolean dirty,
    int clusterSize,
    @Nullable String backingName,
    @Nullable String fullBackingName,
    @Nullable String backingFormat,
    List<SnapshotEntry> snapshots,
    @Nullable String formatType,
    Map<String, Object> specific,
    List<Child> others,
    @Nullable ImageInfo file) {
  /// True if QEMU asks the driver for facts of this kind and gets an answer.
  boolean knowsDirty() {
    if (format.equals("raw") && file != null) {
      return file.knowsDirty();
    }
    return format.equals("blkdebug")
        ? others.getFirst().info().knowsDirty()
        : !format.startsWith("null-");
  }

  /// A further file.
  ///
  /// @param name of the place that it takes: `extents.0`
  record Child(String name, ImageInfo info) {}
}
