// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.model.SpaceView;
import io.varve.image.Layer;
import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.storage.FileState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads what layers say of their space, and keeps it for as long as their files stay as they are.
/// Safe for use by many threads.
final class LayerSpaces {
  /// 64 MiB of runs.
  private static final long MAX_WEIGHT = 8L << 20;

  /// A compute snapshot inside a layer.
  ///
  /// @param covers where it answers for itself
  /// @param space its data, its tables, and as allocated what only it holds
  record Inside(String name, long size, LayerRuns covers, SpaceView space) {}

  /// What one layer says.
  record LayerSpace(long size, LayerRuns runs, SpaceView space, List<Inside> inside) {}

  private record Kept(FileState state, LayerSpace space) {}

  private final Map<Path, Kept> kept = new LinkedHashMap<>(16, 0.75f, true);
  private long weight;

  /// What the layer in this file says.
  ///
  /// @param frozen worth keeping
  LayerSpace of(Path file, boolean frozen) throws IOException {
    if (!frozen) {
      return read(file);
    }
    FileState state = FileState.of(file);
    synchronized (kept) {
      Kept known = kept.get(file);
      if (known != null && known.state.equals(state)) {
        return known.space;
      }
    }
    LayerSpace space = read(file);
    if (FileState.of(file).equals(state)) {
      keep(file, new Kept(state, space));
    }
    return space;
  }

  private void keep(Path file, Kept one) {
    synchronized (kept) {
      Kept before = kept.put(file, one);
      weight += one.space.runs.weight() - (before == null ? 0 : before.space.runs.weight());
      var oldest = kept.entrySet().iterator();
      while (weight > MAX_WEIGHT && oldest.hasNext()) {
        weight -= oldest.next().getValue().space.runs.weight();
        oldest.remove();
      }
    }
  }

  private static LayerSpace read(Path file) throws IOException {
    try (Qcow2Layer layer = LayerFiles.openToLook(file)) {
      List<Inside> inside = new ArrayList<>();
      List<InternalSnapshot> all = layer.snapshots().list();
      for (InternalSnapshot one : all) {
        String key = ComputeSnapshots.key(all, one);
        Layer view = layer.snapshots().view(key);
        inside.add(
            new Inside(
                one.name(), view.size(), LayerRuns.covers(view), FileFacts.space(layer, one)));
      }
      return new LayerSpace(layer.size(), LayerRuns.of(layer), FileFacts.space(layer), inside);
    }
  }
}
