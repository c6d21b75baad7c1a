// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.compress;

import java.util.zip.Deflater;

/// Raw deflate by the JDK, where the system has no zlib. The JDK's window has 32 KiB, the format's
/// 4: a full flush every 4 KiB forgets the window, so that no distance reaches further. That costs
/// a seventh of the compression, and is readable by every qcow2 reader.
final class PortableDeflateEncoder implements ClusterEncoder {
  private static final int WINDOW = 4096;

  private final Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);

  @Override
  public int encode(byte[] cluster, byte[] packed) {
    deflater.reset();
    int length = 0;
    int limit = cluster.length - 1;
    for (int at = 0; at < cluster.length; at += WINDOW) {
      int piece = Math.min(WINDOW, cluster.length - at);
      deflater.setInput(cluster, at, piece);
      if (at + piece == cluster.length) {
        deflater.finish();
      }
      length += deflater.deflate(packed, length, limit - length, Deflater.FULL_FLUSH);
      // A full buffer may mean that more would have come.
      if (length == limit) {
        return -1;
      }
    }
    return length;
  }

  @Override
  public void close() {
    deflater.end();
  }
}
