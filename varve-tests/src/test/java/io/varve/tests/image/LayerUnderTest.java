// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.Below;
import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerExtent;
import io.varve.image.UnsupportedImageException;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.storage.ForwardingStorage;
import io.varve.image.storage.Storage;
import io.varve.testkit.GuestOp;
import io.varve.testkit.GuestReader;
import io.varve.testkit.ReferenceDisk;
import io.varve.testkit.Stamp;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/// A qcow2 layer beside the oracle of what it must read as; takes the steps of a random test.
final class LayerUnderTest {
  static final Instant WHEN = Instant.ofEpochSecond(1_700_000_000L, 5_000);

  private final Storage storage;
  private final ImageShape shape;
  private final Below base;
  private final Qcow2Options options;
  private final Map<String, ReferenceDisk> snapshots = new LinkedHashMap<>();
  private ReferenceDisk disk;
  private Qcow2Layer layer;

  /// @param storage holds an image of that shape; it outlives the layer
  /// @param base what lies beneath
  /// @param disk what the image reads as now
  LayerUnderTest(
      Storage storage, ImageShape shape, Below base, ReferenceDisk disk, Qcow2Options options)
      throws IOException {
    this.storage = storage;
    this.shape = shape;
    this.base = base;
    this.disk = disk;
    this.options = options;
    this.layer = Qcow2Layer.open(ForwardingStorage.handleOn(storage), options);
  }

  Qcow2Layer layer() {
    return layer;
  }

  ReferenceDisk disk() {
    return disk;
  }

  Map<String, ReferenceDisk> snapshots() {
    return snapshots;
  }

  GuestReader reader() {
    return GuestReader.of(layer, base);
  }

  /// Takes a step on both sides. A step that cannot be taken now is passed over.
  ///
  /// @return false if it was passed over
  boolean apply(GuestOp op) throws IOException {
    return switch (op) {
      case GuestOp.Write(long at, int length, long number) -> {
        if (at + length > disk.size()) {
          yield false;
        }
        layer.write(GuestOffset.of(at), Stamp.data(at, length, number), base);
        disk.write(at, Stamp.data(at, length, number));
        yield true;
      }
      case GuestOp.Zero(long at, long length, boolean unmap) -> {
        if (at + length > disk.size()) {
          yield false;
        }
        layer.zero(GuestOffset.of(at), length, unmap ? ZeroMode.UNMAP : ZeroMode.KEEP, base);
        disk.zero(at, length);
        yield true;
      }
      case GuestOp.Discard(long at, long length) ->
          at + length <= disk.size() && discard(at, length);
      case GuestOp.Resize(long size) -> resize(size);
      case GuestOp.Flush() -> {
        layer.flush();
        yield true;
      }
      case GuestOp.Reopen() -> {
        reopen();
        yield true;
      }
      case GuestOp.TakeSnapshot(String name) -> take(name);
      case GuestOp.ApplySnapshot(String name) -> snapshots.containsKey(name) && revert(name);
      case GuestOp.DeleteSnapshot(String name) -> {
        if (!snapshots.containsKey(name)) {
          yield false;
        }
        layer.snapshots().delete(name);
        snapshots.remove(name);
        yield true;
      }
    };
  }

  private boolean resize(long size) throws IOException {
    if (shape.version() == 2 && !snapshots.isEmpty()) {
      return false; // Version 2 keeps no size with a snapshot.
    }
    layer.resize(size, base);
    disk.resize(size);
    return true;
  }

  private boolean discard(long at, long length) throws IOException {
    layer.discard(GuestOffset.of(at), length, base);
    long cluster = shape.cluster();
    boolean expressible = shape.version() == 3 || base.isNothing();
    long from = Math.ceilDiv(at, cluster) * cluster;
    long to = expressible ? (at + length) / cluster * cluster : from;
    disk.discarded(at, length, from, to, reader());
    return true;
  }

  private boolean take(String name) throws IOException {
    try {
      layer.snapshots().create(name, WHEN);
    } catch (UnsupportedImageException e) {
      requireNarrowRefcounts(e);
      return false;
    }
    snapshots.put(name, disk.copy());
    return true;
  }

  private boolean revert(String name) throws IOException {
    try {
      layer.snapshots().apply(name);
    } catch (UnsupportedImageException e) {
      requireNarrowRefcounts(e);
      return false;
    }
    disk = snapshots.get(name).copy();
    return true;
  }

  /// Few bits cannot count many snapshots: a refusal is right there, and has changed nothing.
  private void requireNarrowRefcounts(UnsupportedImageException e)
      throws UnsupportedImageException {
    if (shape.refcountOrder() > 2 || !e.getMessage().contains("refcount")) {
      throw e;
    }
  }

  void reopen() throws IOException {
    layer.close();
    layer = Qcow2Layer.open(ForwardingStorage.handleOn(storage), options);
  }

  void close() throws IOException {
    layer.close();
  }

  /// Compares all that can be read with the oracle.
  void verify() throws IOException {
    assertThat(layer.size()).as("size of the disk").isEqualTo(disk.size());
    disk.assertMatches(reader());
  }

  /// The snapshots, too.
  void verifySnapshots() throws IOException {
    assertThat(layer.snapshots().list().stream().map(InternalSnapshot::name))
        .as("snapshots")
        .containsExactlyElementsOf(snapshots.keySet());
    for (Map.Entry<String, ReferenceDisk> entry : snapshots.entrySet()) {
      try (Layer view = layer.snapshots().view(entry.getKey())) {
        assertThat(view.size()).isEqualTo(entry.getValue().size());
        entry.getValue().assertMatches(GuestReader.of(view, base));
      }
    }
  }

  /// What `lookup` says agrees with what the oracle and the host file hold.
  void verifyLookup() throws IOException {
    long at = 0;
    while (at < layer.size()) {
      LayerExtent extent = layer.lookup(GuestOffset.of(at), layer.size() - at);
      assertThat(extent.start()).isEqualTo(at);
      assertThat(extent.length()).isBetween(1L, layer.size() - at);
      int length = (int) extent.length();
      if (extent.kind().readsAsZeroHere()) {
        assertThat(disk.bytes(at, length)).as("zeros at " + at).containsOnly(0);
      } else if (extent.kind() == ExtentKind.DATA) {
        GuestReader host =
            (position, dst) -> storage.read(extent.hostOffset() + position - extent.start(), dst);
        disk.assertMatches(host, at, length);
      }
      at += length;
    }
  }
}
