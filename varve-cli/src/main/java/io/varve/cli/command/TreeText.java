// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.text.Table;
import io.varve.cli.text.Table.Column;
import io.varve.cli.text.TreeLines;
import io.varve.engine.model.NodeRole;
import io.varve.engine.model.SnapshotTree;
import io.varve.engine.model.SpaceAccount;
import io.varve.engine.model.SpaceView;
import io.varve.engine.model.TreeNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A disk's snapshots as a tree that ends in "you are here".
final class TreeText {
  private static final int CLONES_NAMED = 4;

  /// What one line shows: a node, or many clones in one.
  private record Item(TreeNode first, List<TreeNode> all) {
    static Item of(TreeNode node) {
      return new Item(node, List.of(node));
    }

    boolean many() {
      return all.size() > 1;
    }
  }

  private final Session session;
  private final boolean allClones;
  private final Accounts accounts;

  /// @param allClones names each clone, however many there are
  /// @param accounts of the nodes; with [Accounts#NONE] people see no columns for them
  TreeText(Session session, boolean allClones, Accounts accounts) {
    this.session = session;
    this.allClones = allClones;
    this.accounts = accounts;
  }

  List<String> forPeople(SnapshotTree tree) {
    Map<UUID, List<TreeNode>> children = new HashMap<>();
    List<TreeNode> roots = new ArrayList<>();
    Map<UUID, TreeNode> byId = new HashMap<>();
    tree.nodes().forEach(node -> byId.put(node.id(), node));
    for (TreeNode node : tree.nodes()) {
      if (node.parent() == null || !byId.containsKey(node.parent())) {
        roots.add(node);
      } else {
        children.computeIfAbsent(node.parent(), _ -> new ArrayList<>()).add(node);
      }
    }
    List<Column> columns =
        new ArrayList<>(
            List.of(
                Column.left(tree.disk().address()),
                Column.left("KIND"),
                Column.left("TAKEN"),
                Column.right("DATA"),
                Column.right("INDEX"),
                Column.right("ON HOST")));
    if (accounts != Accounts.NONE) {
      columns.add(Column.right("ONLY HERE"));
      columns.add(Column.right("IF DELETED"));
    }
    Table table = new Table(columns.toArray(Column[]::new));
    List<TreeLines.Line<Item>> lines =
        new TreeLines(session.unicode())
            .of(
                roots.stream().map(Item::of).toList(),
                item -> item.many() ? List.of() : below(children.get(item.first().id())));
    for (TreeLines.Line<Item> line : lines) {
      row(table, tree, line);
    }
    return table.forPeople("");
  }

  /// Snapshots by time, then the disk itself, then clones by name; many become one line.
  private List<Item> below(@Nullable List<TreeNode> nodes) {
    if (nodes == null) {
      return List.of();
    }
    List<Item> items = new ArrayList<>();
    nodes.stream().filter(n -> n.role() != NodeRole.ACTIVE).map(Item::of).forEach(items::add);
    nodes.stream().filter(TreeNode::youAreHere).map(Item::of).forEach(items::add);
    List<TreeNode> clones =
        nodes.stream()
            .filter(n -> n.role() == NodeRole.ACTIVE && !n.youAreHere())
            .sorted(Comparator.comparing(TreeNode::disk))
            .toList();
    if (clones.size() > CLONES_NAMED && !allClones) {
      items.add(new Item(clones.getFirst(), clones));
    } else {
      clones.stream().map(Item::of).forEach(items::add);
    }
    return items;
  }

  private void row(Table table, SnapshotTree tree, TreeLines.Line<Item> line) {
    TreeNode node = line.node().first();
    SpaceView space =
        line.node().all().stream().map(TreeNode::space).reduce(SpaceView.NONE, SpaceView::plus);
    boolean snapshot = node.role() == NodeRole.SNAPSHOT;
    List<Object> cells =
        new ArrayList<>(
            List.of(
                line.marks() + label(tree, line.node()),
                snapshot && node.kind() != null ? Shapes.word(node.kind()) : role(node),
                snapshot ? session.time(node.created()) : "",
                session.size(space.dataBytes()),
                session.size(space.indexBytes()),
                session.size(space.allocatedBytes())));
    if (accounts != Accounts.NONE) {
      cells.add(onlyHere(line.node()));
      cells.add(ifDeleted(line.node()));
    }
    table.row(cells.toArray());
  }

  private String onlyHere(Item item) {
    long bytes = 0;
    for (TreeNode node : item.all()) {
      SpaceAccount account = accounts.of(node);
      if (account == null) {
        return "-";
      }
      bytes += account.exclusiveBytes();
    }
    return session.size(bytes);
  }

  /// Of many clones each gives back its own.
  private String ifDeleted(Item item) {
    long bytes = 0;
    for (TreeNode node : item.all()) {
      SpaceAccount account = accounts.of(node);
      if (account == null || account.freedIfDeleted() < 0) {
        return "-";
      }
      bytes += account.freedIfDeleted();
    }
    return session.size(bytes);
  }

  private String label(SnapshotTree tree, Item item) {
    TreeNode node = item.first();
    if (item.many()) {
      return "%d clones: %s to %s"
          .formatted(
              item.all().size(), shortName(node.disk()), shortName(item.all().getLast().disk()));
    }
    return switch (node.role()) {
      case SNAPSHOT ->
          (node.disk().equals(tree.disk().address()) ? "" : shortName(node.disk()))
              + "@"
              + node.name();
      case RETIRED -> "(deleted, still read by %d)".formatted(node.children());
      case ACTIVE ->
          node.youAreHere()
              ? (session.unicode() ? "● " : "* ")
                  + "you are here"
                  + (tree.changedSince() ? "" : " (unchanged)")
              : "clone " + shortName(node.disk());
    };
  }

  private static String role(TreeNode node) {
    return switch (node.role()) {
      case SNAPSHOT -> "";
      case RETIRED -> "retired";
      case ACTIVE -> node.youAreHere() ? "active" : "clone";
    };
  }

  /// Clones lie in the pool of what they were cloned from.
  private static String shortName(String address) {
    return address.substring(address.indexOf('/') + 1);
  }

  List<String> forScripts(SnapshotTree tree) {
    Map<UUID, TreeNode> byId = new HashMap<>();
    tree.nodes().forEach(node -> byId.put(node.id(), node));
    Table table =
        new Table(
            Column.left("DISK"),
            Column.left("NAME"),
            Column.left("PARENT"),
            Column.left("KIND"),
            Column.left("ROLE"),
            Column.left("TIME"),
            Column.right("DATA"),
            Column.right("INDEX"),
            Column.right("ON HOST"),
            Column.right("REFERENCED"),
            Column.right("EXCLUSIVE"),
            Column.right("FREED IF DELETED"));
    for (TreeNode node : tree.nodes()) {
      TreeNode parent = node.parent() == null ? null : byId.get(node.parent());
      SpaceAccount account = accounts.of(node);
      table.row(
          node.disk(),
          node.name().isEmpty() ? "-" : node.name(),
          parent == null || parent.name().isEmpty() ? "-" : parent.name(),
          node.kind() == null ? "-" : Shapes.word(node.kind()),
          node.youAreHere() ? "here" : Shapes.word(node.role()),
          session.time(node.created()),
          session.size(node.space().dataBytes()),
          session.size(node.space().indexBytes()),
          session.size(node.space().allocatedBytes()),
          account == null ? "-" : session.size(account.referencedBytes()),
          account == null ? "-" : session.size(account.exclusiveBytes()),
          Accounts.freed(session, account));
    }
    return table.forScripts();
  }
}
