// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.SpaceView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The layers of a family as [SpaceSweep] wants them: each before all that stands on it, and the
/// compute snapshots of a layer as nodes beside it, because they read the same base.
final class SpaceTree {
  /// One node.
  ///
  /// @param address of a disk or snapshot; null for a retired layer
  /// @param layer that it is, or lies in
  /// @param inside for a compute snapshot, else null
  /// @param said by the layer's file; null where it cannot be read
  record Node(
      @Nullable String address,
      LayerRow layer,
      LayerSpaces.@Nullable Inside inside,
      LayerSpaces.@Nullable LayerSpace said) {
    long size() {
      return inside != null ? inside.size() : said != null ? said.size() : 0;
    }

    SpaceView space() {
      return inside != null ? inside.space() : said != null ? said.space() : SpaceView.NONE;
    }
  }

  private final PoolSite site;
  private final Family family;
  private final LayerSpaces spaces;
  private final List<Node> nodes = new ArrayList<>();
  private final List<Integer> ends = new ArrayList<>();
  private final Set<UUID> unread = new HashSet<>();

  private SpaceTree(PoolSite site, Family family, LayerSpaces spaces) {
    this.site = site;
    this.family = family;
    this.spaces = spaces;
  }

  static SpaceTree of(PoolSite site, Family family, List<LayerRow> layers, LayerSpaces spaces) {
    SpaceTree tree = new SpaceTree(site, family, spaces);
    for (LayerRow layer : layers) {
      if (family.layer(layer.parent()) == null) {
        tree.add(layer);
      }
    }
    return tree;
  }

  /// Adds a layer and all that stands on it; explicit stack, because trees may be deep. A number
  /// closes the node that has it.
  private void add(LayerRow root) {
    List<Object> work = new ArrayList<>(List.of(root));
    while (!work.isEmpty()) {
      switch (work.removeLast()) {
        case LayerRow layer -> {
          work.add(open(layer));
          work.addAll(family.children(layer.id()));
        }
        case Object node -> ends.set((Integer) node, nodes.size());
      }
    }
  }

  private Integer open(LayerRow layer) {
    LayerSpaces.LayerSpace said = null;
    try {
      said = spaces.of(site.file(layer), family.name(layer.id()) != null);
    } catch (IOException _) {
      // The view of its disk says what is wrong with the file.
      unread.add(layer.id());
    }
    String disk = diskOf(layer);
    if (said != null) {
      for (LayerSpaces.Inside inside : said.inside()) {
        nodes.add(new Node(disk + "@" + inside.name(), layer, inside, said));
        ends.add(nodes.size());
      }
    }
    nodes.add(new Node(addressOf(layer), layer, null, said));
    ends.add(nodes.size());
    return nodes.size() - 1;
  }

  private String diskOf(LayerRow layer) {
    DiskRow owner = family.disk(layer.disk());
    return site.row().name() + "/" + (owner == null ? "?" : owner.name());
  }

  private @Nullable String addressOf(LayerRow layer) {
    SnapshotRow name = family.name(layer.id());
    if (name != null) {
      DiskRow owner = family.disk(name.disk());
      return site.row().name() + "/" + (owner == null ? "?" : owner.name()) + "@" + name.name();
    }
    DiskRow owner = family.disk(layer.disk());
    return owner != null && owner.activeLayer().equals(layer.id()) ? diskOf(layer) : null;
  }

  PoolSite site() {
    return site;
  }

  Family family() {
    return family;
  }

  List<Node> nodes() {
    return nodes;
  }

  int unread() {
    return unread.size();
  }

  /// True if the node and all beneath it could be read.
  boolean known(Node node) {
    return unread.isEmpty()
        || family.chain(node.layer().id()).stream().noneMatch(row -> unread.contains(row.id()));
  }

  /// The number of the node with this address, or -1.
  int find(String address) {
    for (int i = 0; i < nodes.size(); i++) {
      if (address.equals(nodes.get(i).address())) {
        return i;
      }
    }
    return -1;
  }

  /// @param focus as for [SpaceSweep]
  SpaceSweep sweep(int focus) {
    BitSet live = new BitSet(nodes.size());
    LayerRuns[] runs = new LayerRuns[nodes.size()];
    int[] end = new int[nodes.size()];
    for (int i = 0; i < runs.length; i++) {
      Node node = nodes.get(i);
      live.set(i, node.address() != null);
      end[i] = ends.get(i);
      LayerSpaces.Inside inside = node.inside();
      LayerSpaces.LayerSpace said = node.said();
      runs[i] = inside != null ? inside.covers() : said != null ? said.runs() : LayerRuns.NONE;
    }
    return new SpaceSweep(end, live, runs, focus).run();
  }
}
