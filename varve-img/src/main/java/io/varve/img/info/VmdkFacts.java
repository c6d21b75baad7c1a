// SPDX-License-Identifier: Apache-2.0
package io.varve.img.info;

import io.varve.image.foreign.VmdkInfo;
import io.varve.img.open.BackingNames;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What `info` tells of a VMDK beyond what it tells of any image.
final class VmdkFacts {
  private VmdkFacts() {}

  /// @param own name of the image, for the extents that lie in it
  static Map<String, Object> of(VmdkInfo vmdk, String own) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("cid", vmdk.cid());
    data.put("parent-cid", vmdk.parentCid());
    data.put("create-type", vmdk.createType());
    List<Object> extents = new ArrayList<>();
    for (VmdkInfo.Extent extent : vmdk.extents()) {
      Map<String, Object> told = new LinkedHashMap<>();
      if (extent.compressed()) {
        told.put("compressed", true);
      }
      told.put("virtual-size", extent.size());
      told.put("filename", extent.own() ? own : BackingNames.besides(own, extent.name()));
      if (extent.clusterSize() > 0) {
        told.put("cluster-size", extent.clusterSize());
      }
      told.put("format", extent.type());
      extents.add(told);
    }
    data.put("extents", extents);
    return data;
  }
}
