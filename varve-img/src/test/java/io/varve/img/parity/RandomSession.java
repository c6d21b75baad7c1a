// SPDX-License-Identifier: Apache-2.0
package io.varve.img.parity;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// Makes a script of random use of one image: written, read, zeroed, discarded, resized, compressed
/// by turns, at ranges that like the edges of clusters and of the disk.
final class RandomSession {
  private static final String[] CLUSTERS = {"512", "4k", "64k", "64k", "256k", "2M"};

  private final RandomGenerator random;
  private final List<String> lines = new ArrayList<>();
  private final int cluster;
  private final boolean compressible;
  private long size;

  private RandomSession(RandomGenerator random) {
    this.random = random;
    boolean old = random.nextInt(5) == 0;
    boolean extended = !old && random.nextInt(4) == 0;
    String clusterSize = extended ? "16k" : CLUSTERS[random.nextInt(CLUSTERS.length)];
    this.cluster = (int) bytes(clusterSize);
    this.compressible = random.nextInt(3) != 0;
    this.size = Math.min(cluster * (3L + random.nextInt(60)), 24 << 20) + 512L * random.nextInt(9);
    create(old, extended, clusterSize);
  }

  /// @param steps calls of the tools
  static Script script(RandomGenerator random, int steps) {
    RandomSession session = new RandomSession(random);
    for (int i = 0; i < steps; i++) {
      session.step();
    }
    session.lines.add("qemu-io -c map -c length a.qcow2");
    return Script.parse(session.lines);
  }

  private void create(boolean old, boolean extended, String clusterSize) {
    StringBuilder options = new StringBuilder("compat=" + (old ? "0.10" : "1.1"));
    options.append(",cluster_size=").append(clusterSize);
    if (extended) {
      options.append(",extended_l2=on");
    }
    if (!old && random.nextInt(3) == 0) {
      options.append(",refcount_bits=").append(1 << random.nextInt(7));
    }
    if (!old && random.nextInt(4) == 0) {
      options.append(",lazy_refcounts=on");
    }
    if (!old && random.nextInt(3) == 0) {
      options.append(",compression_type=zstd");
    }
    String base = "";
    if (random.nextInt(2) == 0) {
      long baseSize = Math.max(512, size + 512L * (random.nextInt(400) - 200));
      lines.add("qemu-img create -q -f qcow2 base.qcow2 " + baseSize);
      lines.add("qemu-io -c 'write -P 17 0 " + baseSize / 2 + "' base.qcow2");
      base = "-b base.qcow2 -F qcow2 ";
    }
    lines.add("qemu-img create -q -f qcow2 -o " + options + " " + base + "a.qcow2 " + size);
  }

  private static long bytes(String size) {
    long unit = size.endsWith("k") ? 1024 : size.endsWith("M") ? 1 << 20 : 1;
    String digits = unit == 1 ? size : size.substring(0, size.length() - 1);
    return Long.parseLong(digits) * unit;
  }

  private void step() {
    StringBuilder line = new StringBuilder("qemu-io");
    if (random.nextInt(8) == 0) {
      line.append(" -d ignore");
    }
    int commands = 1 + random.nextInt(4);
    for (int i = 0; i < commands; i++) {
      line.append(" -c '").append(command()).append('\'');
    }
    lines.add(line + " a.qcow2");
  }

  private String command() {
    return switch (random.nextInt(16)) {
      case 0, 1, 2, 3 -> "write -P " + pattern() + " " + range();
      case 4 -> "writev -P " + pattern() + " " + range() + " " + 512 * random.nextInt(4);
      case 5 -> "write -z " + range();
      case 6 -> "write -z -u " + range();
      case 7 -> "discard " + range();
      case 8 -> "read -v " + offset() + " " + (1 + random.nextInt(40));
      case 9 -> "read -P " + pattern() + " " + range();
      case 10 -> compressible ? "write -c -P " + pattern() + " " + clusters() : "map";
      case 11 -> "map";
      case 12 -> "alloc " + range();
      case 13 -> "write -z -n " + range();
      case 14 -> random.nextInt(4) == 0 ? resize() : "length";
      default -> "aio_write -P " + pattern() + " " + range() + "' -c aio_flush -c 'flush";
    };
  }

  private int pattern() {
    return random.nextInt(6);
  }

  private long offset() {
    long at = random.nextLong(size + 1);
    return switch (random.nextInt(4)) {
      case 0 -> at - at % cluster;
      case 1 -> Math.max(0, at - at % cluster + random.nextInt(9) - 4);
      case 2 -> at - at % 512;
      default -> at;
    };
  }

  private String range() {
    long at = offset();
    long length =
        switch (random.nextInt(4)) {
          case 0 -> cluster * (long) random.nextInt(4);
          case 1 -> size - at;
          case 2 -> random.nextInt(1024);
          default -> random.nextLong(3L * cluster);
        };
    // Now and then past the end, where it must be refused.
    boolean past = random.nextInt(20) == 0;
    return at + " " + (past ? length : Math.max(0, Math.min(length, size - at)));
  }

  private String clusters() {
    long at = offset();
    at -= at % cluster;
    long rest = size - at;
    long length = cluster * (1L + random.nextInt(2));
    return at + " " + Math.max(0, Math.min(length, rest));
  }

  private String resize() {
    long next = Math.max(512, size + 512L * (random.nextInt(2000) - 900));
    // Past the end of a shrunken disk, but in its last cluster, QEMU keeps the old data, and shows
    // it when the disk grows again. Here a disk always grows by zeros.
    size = next < size ? Math.min(size, Math.ceilDiv(next, cluster) * (long) cluster) : next;
    return "truncate " + size;
  }
}
