// SPDX-License-Identifier: Apache-2.0
package io.varve.img.parity;

import java.util.random.RandomGenerator;

/// Makes random commands of qemu-io, at ranges that like the edges of clusters and of the disk.
final class RandomUse {
  private final RandomGenerator random;
  private final RandomImage image;

  RandomUse(RandomGenerator random, RandomImage image) {
    this.random = random;
    this.image = image;
  }

  String command() {
    return switch (random.nextInt(17)) {
      case 0, 1, 2, 3, 4 -> "write -P " + pattern() + " " + range();
      case 5 -> "write -z " + range();
      case 6 -> "write -z -u " + range();
      case 7, 8 -> "discard " + range();
      case 9 -> "read -P " + pattern() + " " + range();
      case 10, 11 -> "write -c -P " + pattern() + " " + clusters();
      case 12 -> "map";
      case 13 -> "alloc " + range();
      case 14 -> "read -v " + offset() + " " + (1 + random.nextInt(40));
      case 15 -> random.nextInt(3) == 0 ? resize() : "flush";
      default -> "aio_write -P " + pattern() + " " + range() + "' -c aio_flush -c 'flush";
    };
  }

  private int pattern() {
    return random.nextInt(6);
  }

  private long offset() {
    long at = random.nextLong(image.size() + 1);
    return switch (random.nextInt(4)) {
      case 0, 1 -> at - at % image.cluster();
      case 2 -> at - at % 512;
      default -> at;
    };
  }

  private String range() {
    long at = offset();
    long length =
        switch (random.nextInt(4)) {
          case 0 -> image.cluster() * (long) random.nextInt(4);
          case 1 -> image.size() - at;
          case 2 -> random.nextInt(1024);
          default -> random.nextLong(3L * image.cluster());
        };
    // Now and then past the end, where it must be refused.
    boolean past = random.nextInt(30) == 0;
    return at + " " + (past ? length : Math.max(0, Math.min(length, image.size() - at)));
  }

  private String clusters() {
    long at = offset();
    at -= at % image.cluster();
    long length = image.cluster() * (1L + random.nextInt(2));
    return at + " " + Math.max(0, Math.min(length, image.size() - at));
  }

  private String resize() {
    image.setSize(image.otherSize(random));
    return "truncate " + image.size();
  }
}
