// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.compress;

import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdException;

/// One zstd frame a cluster, level 3 and no checksum, as QEMU writes.
final class ZstdEncoder implements ClusterEncoder {
  private static final int LEVEL = 3;

  private final ZstdCompressCtx context = new ZstdCompressCtx();

  ZstdEncoder() {
    context.setLevel(LEVEL);
    context.setChecksum(false);
  }

  @Override
  public int encode(byte[] cluster, byte[] packed) {
    try {
      return context.compressByteArray(packed, 0, cluster.length - 1, cluster, 0, cluster.length);
    } catch (ZstdException e) {
      // The only failure of a one-shot call into a given buffer: the result does not fit.
      return -1;
    }
  }

  @Override
  public void close() {
    context.close();
  }
}
