// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.model.SpaceView;
import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerExtent;
import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.LayerUsage;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.SnapshotUsage;
import java.io.IOException;
import java.nio.file.Path;

/// What is read from layer files for views: sizes and changes, from the index alone.
final class FileFacts {
  private FileFacts() {}

  /// What a layer file takes; [SpaceView#NONE] where it cannot be read.
  static SpaceView space(Path file) {
    try (Qcow2Layer layer = LayerFiles.openToLook(file)) {
      return space(layer);
    } catch (IOException _) {
      return SpaceView.NONE;
    }
  }

  static SpaceView space(Qcow2Layer layer) throws IOException {
    LayerUsage usage = layer.usage();
    return new SpaceView(
        usage.dataBytes(), usage.indexBytes(), usage.fileBytes(), usage.allocatedBytes());
  }

  /// What one compute snapshot holds; the bytes that only it holds count as allocated.
  static SpaceView space(Qcow2Layer layer, InternalSnapshot snapshot) throws IOException {
    String key = ComputeSnapshots.key(layer.snapshots().list(), snapshot);
    SnapshotUsage usage = layer.snapshots().usage(key);
    return new SpaceView(usage.dataBytes(), usage.indexBytes(), 0, usage.exclusiveBytes());
  }

  /// True if the layer holds anything: something was written since it was laid on its base.
  static boolean holdsAnything(Layer layer) throws IOException {
    for (long at = 0; at < layer.size(); ) {
      LayerExtent extent = layer.lookup(GuestOffset.of(at), layer.size() - at);
      if (extent.kind() != ExtentKind.NONE) {
        return true;
      }
      at = extent.end();
    }
    return false;
  }

  /// True if the two say different things anywhere: other clusters, or another size. Clusters that
  /// both share have the same content, because nothing shared is written in place.
  static boolean differ(Layer one, Layer other) throws IOException {
    if (one.size() != other.size()) {
      return true;
    }
    for (long at = 0; at < one.size(); ) {
      LayerExtent a = one.lookup(GuestOffset.of(at), one.size() - at);
      LayerExtent b = other.lookup(GuestOffset.of(at), one.size() - at);
      if (a.kind() != b.kind() || a.hostOffset() != b.hostOffset()) {
        return true;
      }
      at += Math.min(a.length(), b.length());
    }
    return false;
  }
}
