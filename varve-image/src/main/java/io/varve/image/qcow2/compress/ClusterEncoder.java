// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.compress;

/// Compresses whole clusters. One thread at a time; a copier has one for each of its threads.
public interface ClusterEncoder extends AutoCloseable {
  /// Puts the compressed cluster at the start of `packed` and returns its length, or -1 if it would
  /// not be shorter than the cluster.
  ///
  /// @param packed at least as long as `cluster`
  int encode(byte[] cluster, byte[] packed);

  @Override
  void close();

  /// The encoder for a header's compression type: 0 deflate, 1 zstd.
  static ClusterEncoder of(int compressionType, int clusterSize) {
    if (compressionType != 0) {
      return new ZstdEncoder();
    }
    return io.varve.ffi.RawDeflate.available()
        ? new DeflateEncoder(clusterSize)
        : new PortableDeflateEncoder();
  }
}
