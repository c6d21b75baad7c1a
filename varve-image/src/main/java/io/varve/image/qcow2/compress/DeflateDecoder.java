// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.compress;

import io.varve.image.CorruptImageException;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/// Raw deflate (RFC 1951) without a zlib header. A missing end-of-stream is accepted once the
/// cluster is full, as QEMU does.
final class DeflateDecoder implements ClusterDecoder {
  private final String name;

  DeflateDecoder(String name) {
    this.name = name;
  }

  @Override
  public byte[] decode(byte[] packed, int clusterSize, long position) throws CorruptImageException {
    byte[] cluster = new byte[clusterSize];
    Inflater inflater = new Inflater(true);
    try {
      inflater.setInput(packed);
      int filled = 0;
      while (filled < clusterSize) {
        int n = inflater.inflate(cluster, filled, clusterSize - filled);
        if (n == 0
            && (inflater.finished() || inflater.needsInput() || inflater.needsDictionary())) {
          throw new CorruptImageException(
              "%s: compressed cluster at %#x: expected %d bytes of deflate output, found %d"
                  .formatted(name, position, clusterSize, filled));
        }
        filled += n;
      }
      return cluster;
    } catch (DataFormatException e) {
      throw new CorruptImageException(
          "%s: compressed cluster at %#x: not a deflate stream (%s)"
              .formatted(name, position, e.getMessage()),
          e);
    } finally {
      inflater.end();
    }
  }
}
