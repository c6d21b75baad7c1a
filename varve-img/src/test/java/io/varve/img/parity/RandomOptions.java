// SPDX-License-Identifier: Apache-2.0
package io.varve.img.parity;

import java.util.random.RandomGenerator;

/// What a random script says to `-o` of a new qcow2 image.
///
/// @param dataFile the image shall have an external data file
record RandomOptions(int cluster, String most, boolean dataFile) {
  static final String[] PREALLOCATIONS = {"off", "metadata", "falloc", "full"};
  private static final int[] CLUSTERS = {512, 4096, 4096, 65536, 65536, 65536, 1 << 18, 1 << 21};

  static RandomOptions of(RandomGenerator random, boolean overBase) {
    boolean old = random.nextInt(6) == 0;
    boolean extended = !old && random.nextInt(4) == 0;
    int cluster = extended ? 16384 << random.nextInt(4) : CLUSTERS[random.nextInt(CLUSTERS.length)];
    boolean dataFile = !old && random.nextInt(8) == 0;
    StringBuilder text = new StringBuilder("compat=" + (old ? "0.10" : "1.1"));
    text.append(",cluster_size=").append(cluster);
    if (extended) {
      text.append(",extended_l2=on");
    }
    if (!old && random.nextInt(4) == 0) {
      text.append(",refcount_bits=").append(8 << random.nextInt(4));
    }
    if (!old && random.nextInt(5) == 0) {
      text.append(",lazy_refcounts=on");
    }
    if (!old && random.nextInt(3) == 0) {
      text.append(",compression_type=zstd");
    }
    if (random.nextInt(overBase ? 12 : 5) == 0) {
      text.append(",preallocation=").append(PREALLOCATIONS[random.nextInt(4)]);
    }
    if (dataFile && !overBase && random.nextInt(2) == 0) {
      text.append(",data_file_raw=on");
    }
    return new RandomOptions(cluster, text.toString(), dataFile);
  }

  /// @param index number of the image, which names its data file
  String text(int index) {
    return dataFile ? most + ",data_file=d" + index + ".data" : most;
  }
}
