// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.LayerRow;
import io.varve.engine.model.NodeRole;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What is to become of the retired layers of a family, by who reads them:
///
/// | read by | explicitly deleted | else | by `pool collect` |
/// |---|---|---|---|
/// | nobody | removed | removed | removed |
/// | one node of the same disk | merged | merged | merged |
/// | one node of another disk (a clone) | merged | kept | merged |
/// | two or more | kept | kept | kept |
///
/// Retired layers that lie one on the other and end in one reader are merged as one *run*, so that
/// no data moves twice.
final class Fates {
  /// Retired layers and the one node that reads them.
  ///
  /// @param top the reader; it stays
  /// @param gone the layers right beneath it, the uppermost first
  record Run(LayerRow top, List<LayerRow> gone) {
    /// All of them, the reader first.
    List<LayerRow> rows() {
      List<LayerRow> rows = new ArrayList<>(gone.size() + 1);
      rows.add(top);
      rows.addAll(gone);
      return rows;
    }

    boolean holds(Set<UUID> ids) {
      return gone.stream().anyMatch(row -> ids.contains(row.id()));
    }
  }

  private final Map<UUID, LayerRow> layers = new LinkedHashMap<>();
  private final Map<UUID, List<LayerRow>> children = new HashMap<>();
  private final Set<UUID> retired = new HashSet<>();
  private final Set<UUID> explicit;
  private final boolean clones;
  private final List<LayerRow> removed = new ArrayList<>();
  private final List<Run> runs = new ArrayList<>();
  private final List<LayerRow> kept = new ArrayList<>();

  private Fates(List<LayerRow> all, Set<UUID> retiring, Set<UUID> explicit, boolean clones) {
    this.explicit = explicit;
    this.clones = clones;
    for (LayerRow row : all) {
      layers.put(row.id(), row);
      if (row.role() == NodeRole.RETIRED || retiring.contains(row.id())) {
        retired.add(row.id());
      }
      UUID parent = row.parent();
      if (parent != null) {
        children.computeIfAbsent(parent, _ -> new ArrayList<>()).add(row);
      }
    }
  }

  /// @param all the layers of a family
  /// @param retiring layers that count as retired, whatever they are now
  /// @param explicit layers that were deleted by name, and so are merged into clones too
  /// @param clones all are
  static Fates of(List<LayerRow> all, Set<UUID> retiring, Set<UUID> explicit, boolean clones) {
    Fates fates = new Fates(all, retiring, explicit, clones);
    fates.remove();
    fates.findRuns();
    return fates;
  }

  /// Layers that nobody reads, each before the one beneath it.
  List<LayerRow> removed() {
    return removed;
  }

  List<Run> runs() {
    return runs;
  }

  /// Retired layers that have to stay.
  List<LayerRow> kept() {
    return kept;
  }

  List<LayerRow> readers(UUID layer) {
    return children.getOrDefault(layer, List.of());
  }

  private void remove() {
    boolean more = true;
    while (more) {
      more = false;
      for (UUID id : List.copyOf(retired)) {
        LayerRow row = layers.get(id);
        if (row != null && readers(id).isEmpty()) {
          removed.add(row);
          retired.remove(id);
          UUID parent = row.parent();
          if (parent != null) {
            children.getOrDefault(parent, new ArrayList<>()).remove(row);
          }
          layers.remove(id);
          more = true;
        }
      }
    }
  }

  /// True if exactly one node reads this retired layer.
  private boolean single(LayerRow row) {
    return retired.contains(row.id()) && readers(row.id()).size() == 1;
  }

  private void findRuns() {
    Set<UUID> merged = new HashSet<>();
    for (LayerRow row : layers.values()) {
      if (!single(row)) {
        descend(row, merged);
      }
    }
    for (UUID id : retired) {
      LayerRow row = layers.get(id);
      if (row != null && !merged.contains(id)) {
        kept.add(row);
      }
    }
  }

  /// Collects the runs beneath a node that stays.
  private void descend(LayerRow node, Set<UUID> merged) {
    LayerRow top = node;
    List<LayerRow> gone = new ArrayList<>();
    for (LayerRow at = parent(node); at != null && single(at); at = parent(at)) {
      if (mayGo(at, top)) {
        gone.add(at);
        merged.add(at.id());
      } else {
        close(top, gone);
        top = at;
        gone = new ArrayList<>();
      }
    }
    close(top, gone);
  }

  private void close(LayerRow top, List<LayerRow> gone) {
    if (!gone.isEmpty()) {
      runs.add(new Run(top, List.copyOf(gone)));
    }
  }

  private boolean mayGo(LayerRow row, LayerRow into) {
    return clones || explicit.contains(row.id()) || row.disk().equals(into.disk());
  }

  private @Nullable LayerRow parent(LayerRow row) {
    UUID parent = row.parent();
    return parent == null ? null : layers.get(parent);
  }
}
