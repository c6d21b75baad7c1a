// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/// Guest data that says where it belongs: each sector carries its guest offset and the number of
/// the write, so that a failing comparison tells whose data turned up. The rest is pseudo-random.
public final class Stamp {
  private static final long MAGIC = 0x7661727665737470L; // "varvestp"
  private static final int SECTOR = 512;

  private Stamp() {}

  /// The data of write `number` for the range; equal for equal arguments.
  public static ByteBuffer data(long at, int length, long number) {
    byte[] all = new byte[length];
    byte[] sector = new byte[SECTOR];
    for (long start = at / SECTOR * SECTOR; start < at + length; start += SECTOR) {
      fill(sector, start, number);
      int from = (int) Math.max(0, at - start);
      int to = (int) Math.min(SECTOR, at + length - start);
      System.arraycopy(sector, from, all, (int) (start + from - at), to - from);
    }
    return ByteBuffer.wrap(all);
  }

  private static void fill(byte[] sector, long start, long number) {
    ByteBuffer buffer = ByteBuffer.wrap(sector);
    buffer.putLong(MAGIC).putLong(start).putLong(number);
    SplittableRandom random = new SplittableRandom(start * 31 + number);
    while (buffer.hasRemaining()) {
      buffer.putLong(random.nextLong());
    }
  }

  /// Highly compressible data, never zero, for compressed clusters.
  public static ByteBuffer compressible(int length, long number) {
    byte[] all = new byte[length];
    byte[] text = ("varve " + number + ' ').getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    for (int i = 0; i < length; i++) {
      all[i] = text[i % text.length];
    }
    return ByteBuffer.wrap(all);
  }

  /// Whose data this is, in words.
  public static String describe(byte[] data) {
    if (ReferenceDisk.isZero(data)) {
      return "zeros";
    }
    if (data.length >= 24) {
      ByteBuffer buffer = ByteBuffer.wrap(data);
      if (buffer.getLong() == MAGIC) {
        return "write #%2$d of guest 0x%1$x".formatted(buffer.getLong(), buffer.getLong());
      }
    }
    StringBuilder text = new StringBuilder("bytes");
    for (int i = 0; i < Math.min(16, data.length); i++) {
      text.append(" %02x".formatted(data[i]));
    }
    return text.toString();
  }
}
