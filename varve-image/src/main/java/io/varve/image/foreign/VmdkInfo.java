// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import io.varve.image.storage.Storage;
import java.util.ArrayList;
import java.util.List;

/// What a VMDK says of itself.
///
/// @param cid changes with the content, 32 bits without a sign
/// @param parentCid the [#cid] that the parent must have; 0xffffffff where there is no parent
/// @param createType `monolithicSparse` and the like
public record VmdkInfo(long cid, long parentCid, String createType, List<Extent> extents) {
  /// One extent.
  ///
  /// @param name of its file as the descriptor has it, empty where it lies in the image itself
  /// @param file the file it lies in, open as long as the image is
  /// @param size of its part of the disk, bytes
  /// @param type `FLAT`, `SPARSE` and so on; empty in a file that describes itself
  /// @param clusterSize bytes of one grain, 0 for a flat extent
  public record Extent(
      String name, Storage file, long size, String type, long clusterSize, boolean compressed) {
    /// True if it lies in the image itself.
    public boolean own() {
      return name.isEmpty();
    }
  }

  static List<Extent> of(List<VmdkExtent> extents) {
    List<Extent> all = new ArrayList<>();
    for (VmdkExtent extent : extents) {
      all.add(
          new Extent(
              extent.name(),
              extent.file(),
              extent.size(),
              extent.type(),
              extent.grainBytes(),
              extent.compressed()));
    }
    return all;
  }
}
