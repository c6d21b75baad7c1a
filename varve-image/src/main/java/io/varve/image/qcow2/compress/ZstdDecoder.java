// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.compress;

import com.github.luben.zstd.ZstdException;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import io.varve.image.CorruptImageException;
import java.io.ByteArrayInputStream;
import java.io.IOException;

/// Zstandard (RFC 8878): one or more frames that fill the cluster, then padding. The window is
/// bounded, so that a hostile header cannot ask for memory.
final class ZstdDecoder implements ClusterDecoder {
  /// 2^21: the largest cluster; a frame of one cluster needs no wider window.
  private static final int MAX_WINDOW_LOG = 21;

  private final String name;

  ZstdDecoder(String name) {
    this.name = name;
  }

  @Override
  public byte[] decode(byte[] packed, int clusterSize, long position) throws IOException {
    byte[] cluster = new byte[clusterSize];
    int filled = 0;
    try (ZstdInputStreamNoFinalizer frames =
        new ZstdInputStreamNoFinalizer(new ByteArrayInputStream(packed))) {
      frames.setLongMax(MAX_WINDOW_LOG);
      while (filled < clusterSize) {
        int n = frames.read(cluster, filled, clusterSize - filled);
        if (n < 0) {
          throw new CorruptImageException(
              "%s: compressed cluster at %#x: expected %d bytes of zstd output, found %d"
                  .formatted(name, position, clusterSize, filled));
        }
        filled += n;
      }
      return cluster;
    } catch (ZstdException e) {
      throw new CorruptImageException(
          "%s: compressed cluster at %#x: not a zstd stream (%s)"
              .formatted(name, position, e.getMessage()),
          e);
    } catch (CorruptImageException e) {
      throw e;
    } catch (IOException e) {
      throw new CorruptImageException(
          "%s: compressed cluster at %#x: the zstd stream breaks (%s)"
              .formatted(name, position, e.getMessage()),
          e);
    }
  }
}
