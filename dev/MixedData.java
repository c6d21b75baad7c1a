// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/// Fills a file with what disks hold: text, random bytes, written zeros and holes, a quarter each,
/// in stretches of 64 KiB to 4 MiB. The same seed gives the same file.
///
/// `java dev/MixedData.java FILE BYTES SEED`
final class MixedData {
  private static final String[] WORDS =
      ("the quick brown disk keeps every cluster that a snapshot holds and gives back what nobody"
              + " needs while its guest writes on until the host is full or the work is done 0 1 2 3"
              + " error warning info kernel service started stopped /usr/lib/x86_64 192.168.0.1")
          .split(" ");

  private MixedData() {}

  public static void main(String[] arguments) throws IOException {
    long size = Long.parseLong(arguments[1]);
    SplittableRandom random = new SplittableRandom(Long.parseLong(arguments[2]));
    byte[] piece = new byte[4 << 20];
    try (RandomAccessFile file = new RandomAccessFile(arguments[0], "rw")) {
      file.setLength(0);
      file.setLength(size);
      long at = 0;
      while (at < size) {
        int length = (int) Math.min(size - at, (long) random.nextInt(1, 65) << 16);
        int kind = random.nextInt(4);
        if (kind != 3) {
          fill(piece, length, kind, random);
          file.seek(at);
          file.write(piece, 0, length);
        }
        at += length;
      }
    }
  }

  private static void fill(byte[] piece, int length, int kind, SplittableRandom random) {
    java.util.Arrays.fill(piece, 0, length, (byte) 0);
    if (kind == 1) {
      for (int i = 0; i < length; i++) {
        piece[i] = (byte) random.nextInt();
      }
    } else if (kind == 2) {
      for (int i = 0; i < length; ) {
        byte[] word = WORDS[random.nextInt(WORDS.length)].getBytes(StandardCharsets.US_ASCII);
        int count = Math.min(word.length, length - i);
        System.arraycopy(word, 0, piece, i, count);
        i += count;
        if (i < length) {
          piece[i++] = (byte) (random.nextInt(12) == 0 ? '\n' : ' ');
        }
      }
    }
  }
}
