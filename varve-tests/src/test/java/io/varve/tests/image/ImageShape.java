// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import io.varve.image.qcow2.Qcow2CreateOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// A way to lay out a qcow2 image.
///
/// @param version 2 or 3
/// @param clusterBits log2 of the cluster size
/// @param refcountOrder log2 of the refcount width
/// @param extendedL2 32 subclusters in a cluster
record ImageShape(int version, int clusterBits, int refcountOrder, boolean extendedL2) {
  static final ImageShape DEFAULT = new ImageShape(3, 16, 4, false);

  /// What QEMU's tools can make of these: compat 0.10 and 1.1, clusters of 512, 4k, 64k and 2M,
  /// refcounts of 1, 16 and 64 bits, extended L2 off and on.
  static List<ImageShape> combinations() {
    List<ImageShape> shapes = new ArrayList<>();
    for (int clusterBits : new int[] {9, 12, 16, 21}) {
      shapes.add(new ImageShape(2, clusterBits, 4, false));
      for (int order : new int[] {0, 4, 6}) {
        shapes.add(new ImageShape(3, clusterBits, order, false));
        if (clusterBits >= 14) {
          shapes.add(new ImageShape(3, clusterBits, order, true));
        }
      }
    }
    return shapes;
  }

  /// Any layout of small clusters, where tables fill fast, more often than of large ones.
  static ImageShape random(RandomGenerator random) {
    int clusterBits = random.nextInt(3) == 0 ? random.nextInt(9, 20) : random.nextInt(9, 15);
    if (random.nextInt(4) == 0) {
      return new ImageShape(2, clusterBits, 4, false);
    }
    boolean extended = clusterBits >= 14 && random.nextBoolean();
    return new ImageShape(3, clusterBits, random.nextInt(7), extended);
  }

  long cluster() {
    return 1L << clusterBits;
  }

  /// A disk that spans several L2 tables where that is cheap, ends inside a cluster, and stays
  /// small enough to compare after each step.
  long smallDisk() {
    return Math.clamp(200 * cluster(), 300_000L, 9_000_000L) / 512 * 512 + 1536;
  }

  /// A disk that can be compared thousands of times.
  long tinyDisk() {
    return Math.clamp(60 * cluster(), 100_000L, 1_200_000L) / 512 * 512 + 1536;
  }

  Qcow2CreateOptions options(long size) {
    return Qcow2CreateOptions.ofSize(size)
        .withVersion(version)
        .withClusterBits(clusterBits)
        .withRefcountOrder(refcountOrder)
        .withExtendedL2(extendedL2);
  }

  /// The same after qemu-img's `-o`.
  String qemuOptions() {
    String text = "compat=" + (version == 2 ? "0.10" : "1.1") + ",cluster_size=" + cluster();
    if (version == 3) {
      text +=
          ",refcount_bits=" + (1 << refcountOrder) + ",extended_l2=" + (extendedL2 ? "on" : "off");
    }
    return text;
  }

  /// False where a second reference does not fit.
  boolean takesSnapshots() {
    return refcountOrder > 0;
  }

  @Override
  public String toString() {
    return qemuOptions();
  }
}
