// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.DiskView;
import io.varve.engine.model.NodeRole;
import io.varve.engine.model.SnapshotKind;
import io.varve.engine.model.SnapshotTree;
import io.varve.engine.model.SpaceView;
import io.varve.engine.model.TreeNode;
import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Makes the tree of a disk.
final class TreeViews {
  private final Context context;
  private final DiskViews diskViews;

  TreeViews(Context context, DiskViews diskViews) {
    this.context = context;
    this.diskViews = diskViews;
  }

  /// The tree: the disk's own layers, what lies beneath them, and the first layer of each clone.
  SnapshotTree tree(Resolver.Found found, boolean withSpace) throws IOException {
    DiskRow disk = found.disk();
    Family family = context.read(tx -> Family.read(tx, disk.family()));
    DiskView view = diskViews.of(found, family);
    List<TreeNode> nodes = new ArrayList<>();
    List<LayerRow> chain = family.chain(disk.activeLayer());
    for (LayerRow root : roots(family, disk, chain)) {
      addNode(found, family, root, withSpace, nodes);
    }
    if (!chain.isEmpty()) {
      addCompute(found, family, chain.getFirst(), withSpace, nodes);
    }
    return new SnapshotTree(view, nodes, view.changedSince());
  }

  /// Where the disk's tree begins: the bottom of its chain, and of any of its layers besides.
  private static List<LayerRow> roots(Family family, DiskRow disk, List<LayerRow> chain) {
    List<LayerRow> roots = new ArrayList<>();
    if (!chain.isEmpty()) {
      roots.add(chain.getLast());
    }
    for (SnapshotRow row : family.storageNames(disk.id())) {
      List<LayerRow> own = family.chain(row.layer());
      if (!own.isEmpty() && !roots.contains(own.getLast())) {
        roots.add(own.getLast());
      }
    }
    return roots;
  }

  /// Adds a layer and what stands on it; explicit work list, because trees may be deep.
  private void addNode(
      Resolver.Found found, Family family, LayerRow root, boolean withSpace, List<TreeNode> nodes) {
    List<LayerRow> work = new ArrayList<>(List.of(root));
    while (!work.isEmpty()) {
      LayerRow layer = work.removeLast();
      nodes.add(node(found, family, layer, withSpace));
      List<LayerRow> children = family.children(layer.id());
      boolean own = leadsToOwn(found.disk(), layer);
      for (int i = children.size() - 1; i >= 0; i--) {
        LayerRow child = children.get(i);
        if (own || isOnTheWay(found, family, child)) {
          work.add(child);
        }
      }
    }
  }

  private static boolean leadsToOwn(DiskRow disk, LayerRow layer) {
    return layer.disk().equals(disk.id());
  }

  /// Of what stands on other disks' layers, only the way up to this disk is part of its tree.
  private static boolean isOnTheWay(Resolver.Found found, Family family, LayerRow layer) {
    if (layer.disk().equals(found.disk().id())) {
      return true;
    }
    List<LayerRow> work = new ArrayList<>(family.children(layer.id()));
    while (!work.isEmpty()) {
      LayerRow at = work.removeLast();
      if (at.disk().equals(found.disk().id())) {
        return true;
      }
      work.addAll(family.children(at.id()));
    }
    return false;
  }

  private static TreeNode node(
      Resolver.Found found, Family family, LayerRow layer, boolean withSpace) {
    SnapshotRow name = family.name(layer.id());
    DiskRow owner = family.disk(layer.disk());
    Path file = found.site().file(layer);
    boolean active = layer.role() == NodeRole.ACTIVE;
    return new TreeNode(
        layer.id(),
        layer.parent(),
        true,
        layer.role(),
        layer.role() == NodeRole.SNAPSHOT ? SnapshotKind.STORAGE : null,
        name == null ? "" : name.name(),
        owner == null ? "" : found.site().row().name() + "/" + owner.name(),
        active && layer.id().equals(found.disk().activeLayer()),
        name != null && name.automatic(),
        family.children(layer.id()).size(),
        Instant.ofEpochMilli(active ? layer.createdMillis() : layer.frozenMillis()),
        file,
        withSpace ? FileFacts.space(file) : SpaceView.NONE);
  }

  /// Puts the compute snapshots between the layer beneath the disk and the disk.
  private void addCompute(
      Resolver.Found found, Family family, LayerRow active, boolean withSpace, List<TreeNode> nodes)
      throws IOException {
    Path file = found.site().file(active);
    List<SnapshotRow> rows;
    List<TreeNode> added = new ArrayList<>();
    try (Qcow2Layer layer = LayerFiles.openToLook(file)) {
      List<InternalSnapshot> inside = layer.snapshots().list();
      rows = ComputeSnapshots.rows(inside, family.computeRows(found.disk().id()), found.disk());
      for (int i = 0; i < rows.size(); i++) {
        SpaceView space = withSpace ? FileFacts.space(layer, inside.get(i)) : SpaceView.NONE;
        added.add(computeNode(found, rows, rows.get(i), active, file, space));
      }
    } catch (IOException _) {
      // The view of the disk says what is wrong with the file.
      return;
    }
    nodes.addAll(nodes.size() - (isLast(nodes, active) ? 1 : 0), parentsFirst(added));
    UUID stood = idOf(rows, found.disk().computeParent());
    if (stood != null) {
      nodes.replaceAll(node -> node.id().equals(active.id()) ? onTop(node, stood) : node);
      TreeNode here =
          nodes.stream().filter(n -> n.id().equals(active.id())).findFirst().orElseThrow();
      nodes.remove(here);
      nodes.add(here);
    }
  }

  private static boolean isLast(List<TreeNode> nodes, LayerRow active) {
    return !nodes.isEmpty() && nodes.getLast().id().equals(active.id());
  }

  private static TreeNode computeNode(
      Resolver.Found found,
      List<SnapshotRow> rows,
      SnapshotRow row,
      LayerRow active,
      Path file,
      SpaceView space) {
    UUID parent = idOf(rows, row.computeParent());
    long children =
        rows.stream().filter(r -> Objects.equals(r.computeParent(), row.internalId())).count();
    boolean current = Objects.equals(found.disk().computeParent(), row.internalId());
    return new TreeNode(
        row.id(),
        parent == null ? active.parent() : parent,
        row.parentKnown(),
        NodeRole.SNAPSHOT,
        SnapshotKind.COMPUTE,
        row.name(),
        found.address(),
        false,
        row.automatic(),
        (int) children + (current ? 1 : 0),
        Instant.ofEpochMilli(row.createdMillis()),
        file,
        space);
  }

  private static @Nullable UUID idOf(List<SnapshotRow> rows, @Nullable String internalId) {
    return rows.stream()
        .filter(r -> internalId != null && internalId.equals(r.internalId()))
        .findFirst()
        .map(SnapshotRow::id)
        .orElse(null);
  }

  private static List<TreeNode> parentsFirst(List<TreeNode> nodes) {
    List<TreeNode> left = new ArrayList<>(nodes);
    List<TreeNode> ordered = new ArrayList<>();
    while (!left.isEmpty()) {
      List<TreeNode> ready =
          left.stream()
              .filter(n -> left.stream().noneMatch(other -> other.id().equals(n.parent())))
              .toList();
      if (ready.isEmpty() || !left.removeAll(ready)) {
        ordered.addAll(left);
        return ordered;
      }
      ordered.addAll(ready);
    }
    return ordered;
  }

  private static TreeNode onTop(TreeNode node, UUID parent) {
    return new TreeNode(
        node.id(),
        parent,
        true,
        node.role(),
        node.kind(),
        node.name(),
        node.disk(),
        node.youAreHere(),
        node.automatic(),
        node.children(),
        node.created(),
        node.file(),
        node.space());
  }
}
