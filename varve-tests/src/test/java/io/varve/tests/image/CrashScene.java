// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import io.varve.image.BackingReference;
import io.varve.image.Below;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.testkit.GuestOp;
import io.varve.testkit.ReferenceDisk;
import io.varve.testkit.SparseBytes;
import io.varve.testkit.SparseStorage;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An image made ready, closed and durable, with the oracle of what it holds: where the test of an
/// operation begins.
record CrashScene(
    SparseBytes image,
    ImageShape shape,
    Below base,
    ReferenceDisk disk,
    Map<String, ReferenceDisk> snapshots) {
  /// Creates an image and takes these steps on it.
  static CrashScene of(
      ImageShape shape, long size, @Nullable ReferenceDisk base, List<GuestOp> steps)
      throws IOException {
    SparseBytes bytes = new SparseBytes();
    BackingReference backing = base == null ? null : new BackingReference("base.raw", "raw");
    Qcow2Create.create(SparseStorage.of(bytes), shape.options(size).withBacking(backing));
    ReferenceDisk disk = base == null ? new ReferenceDisk(size) : base.copy();
    disk.resize(size);
    Below below = base == null ? Below.NOTHING : base.asBase();
    LayerUnderTest layer =
        new LayerUnderTest(SparseStorage.of(bytes), shape, below, disk, Qcow2Options.readWrite());
    for (GuestOp step : steps) {
      layer.apply(step);
    }
    layer.close();
    return new CrashScene(
        bytes, shape, below, layer.disk().copy(), new LinkedHashMap<>(layer.snapshots()));
  }
}
