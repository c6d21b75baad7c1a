// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.compress;

import java.io.IOException;

/// Decodes compressed clusters (spec: "Compressed Clusters Descriptor"). The true length of the
/// input is known to 511 bytes only, so a decoder stops when the cluster is full and takes what
/// follows for padding. Output is bounded by the cluster size, whatever the stream says of itself.
@FunctionalInterface
public interface ClusterDecoder {
  /// The cluster's bytes.
  ///
  /// @param packed the compressed bytes, with up to 511 bytes of padding
  /// @param clusterSize bytes to produce, exactly
  /// @param position host offset of `packed`, for messages
  /// @throws io.varve.image.CorruptImageException if the stream breaks or ends early
  byte[] decode(byte[] packed, int clusterSize, long position) throws IOException;

  /// The decoder for a header's compression type: 0 deflate, 1 zstd.
  static ClusterDecoder of(int compressionType, String name) {
    return compressionType == 0 ? new DeflateDecoder(name) : new ZstdDecoder(name);
  }
}
