// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.compress;

import io.varve.ffi.RawDeflate;

/// Raw deflate with a window of 4 KiB, by the system's zlib.
final class DeflateEncoder implements ClusterEncoder {
  private final RawDeflate zlib;
  private final Noise noise = new Noise();

  DeflateEncoder(int clusterSize) {
    this.zlib = RawDeflate.open(clusterSize);
  }

  @Override
  public int encode(byte[] cluster, byte[] packed) {
    return noise.isNoise(cluster) ? -1 : zlib.encode(cluster, packed);
  }

  @Override
  public void close() {
    zlib.close();
  }
}
