// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerExtent;
import io.varve.image.qcow2.Qcow2Intake;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;
import java.util.Arrays;

/// Where a layer answers for itself, and how much it stores there: runs of guest ranges in
/// ascending order, each with its bytes of data. A run of 0 bytes hides what lies beneath (zeros,
/// the end of a layer that is shorter than its base). Three numbers a run; data that lies side by
/// side is one, however it lies in the file. Immutable once made.
final class LayerRuns {
  private static final int FIRST = 48;
  private static final int FIELDS = 3;

  /// Holds nothing, and hides nothing.
  static final LayerRuns NONE = new LayerRuns();

  /// start, end, bytes.
  private long[] fields = new long[FIRST];

  private int count;

  /// Reads the index of a layer.
  static LayerRuns of(Qcow2Layer layer) throws IOException {
    LayerRuns runs = new LayerRuns();
    long cluster = layer.clusterSize();
    long size = layer.size();
    for (long at = 0; at < size; ) {
      LayerExtent extent = layer.lookup(GuestOffset.of(at), size - at);
      runs.add(layer, extent, cluster, size);
      at = extent.end();
    }
    return runs.hidingAfter(size);
  }

  /// Where a layer answers for itself, with no bytes.
  static LayerRuns covers(Layer layer) throws IOException {
    LayerRuns runs = new LayerRuns();
    for (long at = 0; at < layer.size(); ) {
      LayerExtent extent = layer.lookup(GuestOffset.of(at), layer.size() - at);
      if (extent.kind() != ExtentKind.NONE) {
        runs.append(at, extent.end(), 0);
      }
      at = extent.end();
    }
    return runs.hidingAfter(layer.size());
  }

  private LayerRuns hidingAfter(long size) {
    append(size, Long.MAX_VALUE, 0);
    return this;
  }

  private void add(Qcow2Layer layer, LayerExtent extent, long cluster, long size)
      throws IOException {
    switch (extent.kind()) {
      case DATA, ZERO_ALLOCATED -> addPlain(extent, cluster, size);
      case COMPRESSED -> {
        for (long at = extent.start(); at < extent.end(); at += cluster - at % cluster) {
          long end = Math.min(extent.end(), at + cluster - at % cluster);
          append(at, end, Qcow2Intake.compressedBytes(GuestOffset.of(at), layer));
        }
      }
      case ZERO -> append(extent.start(), extent.end(), 0);
      case NONE -> {
        // Whatever lies beneath answers.
      }
    }
  }

  /// The last cluster of a disk takes a whole one, wherever in it the disk ends.
  private void addPlain(LayerExtent extent, long cluster, long size) {
    long whole = extent.end() == size ? size - size % cluster : extent.end();
    if (extent.start() >= whole) {
      append(extent.start(), extent.end(), cluster - extent.start() % cluster);
      return;
    }
    append(extent.start(), whole, whole - extent.start());
    if (whole < extent.end()) {
      append(whole, extent.end(), cluster);
    }
  }

  private void append(long start, long end, long bytes) {
    int last = (count - 1) * FIELDS;
    boolean alike = count > 0 && fields[last + 1] == start && end > start;
    if (alike && bytes == 0 && fields[last + 2] == 0) {
      fields[last + 1] = end;
    } else if (alike
        && bytes == end - start
        && fields[last + 2] == fields[last + 1] - fields[last]) {
      fields[last + 1] = end;
      fields[last + 2] += bytes;
    } else if (end > start) {
      if (fields.length < (count + 1) * FIELDS) {
        fields = Arrays.copyOf(fields, fields.length * 2);
      }
      int at = count++ * FIELDS;
      fields[at] = start;
      fields[at + 1] = end;
      fields[at + 2] = bytes;
    }
  }

  int count() {
    return count;
  }

  long start(int run) {
    return fields[run * FIELDS];
  }

  long end(int run) {
    return fields[run * FIELDS + 1];
  }

  /// The bytes of a part of a run. The parts of a run add up to the run; of a compressed cluster,
  /// which cannot be cut, a part counts by its share.
  long bytes(int run, long from, long to) {
    long bytes = fields[run * FIELDS + 2];
    long start = start(run);
    long length = end(run) - start;
    if (bytes == 0 || bytes == length) {
      return bytes == 0 ? 0 : to - from;
    }
    return bytes * (to - start) / length - bytes * (from - start) / length;
  }

  /// What all runs hold together.
  long bytes() {
    long sum = 0;
    for (int run = 0; run < count; run++) {
      sum += fields[run * FIELDS + 2];
    }
    return sum;
  }

  /// Longs that this takes in memory.
  int weight() {
    return fields.length;
  }
}
