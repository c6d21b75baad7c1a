// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.engine;

import io.varve.testkit.GuestReader;
import io.varve.testkit.ReferenceDisk;
import io.varve.testkit.Stamp;
import java.io.IOException;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The oracle of a pool: its disks, their trees, and each node's content byte for byte. It knows
/// what the documentation of the verbs says and nothing of files. Copies are cheap.
final class PoolModel {
  /// What a node is; INSIDE is a compute snapshot.
  enum Role {
    ACTIVE,
    SNAPSHOT,
    RETIRED,
    INSIDE
  }

  /// @param disk id of the disk that it belongs to
  /// @param name of the snapshot, else empty
  /// @param parent id of the node beneath, or 0
  /// @param content is never changed; a write makes another
  record Node(int id, int disk, Role role, String name, int parent, ReferenceDisk content) {
    Node with(Role newRole, String newName) {
      return new Node(id, disk, newRole, newName, parent, content);
    }

    Node withParent(int newParent) {
      return new Node(id, disk, role, name, newParent, content);
    }

    Node withContent(ReferenceDisk newContent) {
      return new Node(id, disk, role, name, parent, newContent);
    }
  }

  /// @param active id of its active node
  /// @param standsOn id of the compute snapshot that it stands on, or 0
  /// @param shapeKnown false since another program changed its compute snapshots: it does not say
  ///   what stands on what
  record Disk(int id, String name, int active, int standsOn, boolean shapeKnown) {
    Disk withActive(int node) {
      return new Disk(id, name, node, standsOn, shapeKnown);
    }

    Disk standingOn(int node) {
      return new Disk(id, name, active, node, shapeKnown);
    }

    Disk withoutShape() {
      return new Disk(id, name, active, 0, false);
    }
  }

  /// What only the engine can tell about a step that it took.
  interface Seen {
    /// The disk as it reads now.
    GuestReader reader(String disk);

    /// The range that a discard must have zeroed: from, to.
    long[] mustBeZero(PoolOp.Discard op) throws IOException;

    /// The snapshot that was taken for a clone.
    String takenFor(PoolOp.FastClone op);
  }

  private final boolean virtual;
  private final Map<Integer, Node> nodes = new LinkedHashMap<>();
  private final Map<String, Disk> disks = new LinkedHashMap<>();
  private int lastId;

  PoolModel(boolean virtual) {
    this.virtual = virtual;
  }

  PoolModel copy() {
    PoolModel copy = new PoolModel(virtual);
    copy.nodes.putAll(nodes);
    copy.disks.putAll(disks);
    copy.lastId = lastId;
    return copy;
  }

  boolean virtual() {
    return virtual;
  }

  Collection<Disk> disks() {
    return disks.values();
  }

  boolean has(String disk) {
    return disks.containsKey(disk);
  }

  Disk disk(String name) {
    return Optional.ofNullable(disks.get(name)).orElseThrow();
  }

  Collection<Node> nodes() {
    return nodes.values();
  }

  Node node(int id) {
    return Optional.ofNullable(nodes.get(id)).orElseThrow();
  }

  Node active(String disk) {
    return node(disk(disk).active());
  }

  List<Node> snapshots(String disk) {
    int id = disk(disk).id();
    return nodes.values().stream().filter(n -> n.disk() == id && !n.name().isEmpty()).toList();
  }

  Node snapshot(String disk, String name) {
    return snapshots(disk).stream().filter(n -> n.name().equals(name)).findFirst().orElseThrow();
  }

  /// The disk, or the snapshot where there is a name.
  Node source(String disk, @Nullable String snapshot) {
    return snapshot == null ? active(disk) : snapshot(disk, snapshot);
  }

  List<Node> children(int id) {
    return nodes.values().stream().filter(n -> n.parent() == id).toList();
  }

  @Nullable String diskName(int id) {
    return disks.values().stream()
        .filter(d -> d.id() == id)
        .findFirst()
        .map(Disk::name)
        .orElse(null);
  }

  /// Takes a step that the engine has taken.
  void apply(PoolOp op, Seen seen) throws IOException {
    switch (op) {
      case PoolOp.Create(String disk, long size, _, _, _) -> add(disk, 0, new ReferenceDisk(size));
      case PoolOp.Import(String disk, long size, long n) -> add(disk, 0, Contents.random(size, n));
      case PoolOp.Register(String disk, long size, long n, _) ->
          add(disk, 0, Contents.random(size, n));
      case PoolOp.Write(String disk, long at, int length, long number) ->
          content(disk).write(at, Stamp.data(at, length, number));
      case PoolOp.Zero(String disk, long at, long length) -> content(disk).zero(at, length);
      case PoolOp.Discard discard -> {
        long[] zeroed = seen.mustBeZero(discard);
        GuestReader reader = seen.reader(discard.disk());
        content(discard.disk())
            .discarded(discard.at(), discard.length(), zeroed[0], zeroed[1], reader);
      }
      case PoolOp.Resize(String disk, long size) -> content(disk).resize(size);
      case PoolOp.Snapshot(String disk, String name) -> take(disk, name);
      case PoolOp.Revert(String disk, String name, String keepAs) -> revert(disk, name, keepAs);
      case PoolOp.DeleteSnapshot(String disk, String name) -> delete(disk, name);
      case PoolOp.DeleteDisk(String disk) -> deleteDisk(disk);
      case PoolOp.FastClone clone -> fastClone(clone, seen);
      case PoolOp.FullClone(String disk, String snapshot, String made) ->
          add(made, 0, source(disk, snapshot).content());
      case PoolOp.Qemu(String disk, String flag, String name) -> qemu(disk, flag, name);
      case PoolOp.Collect() -> collect(true);
      case PoolOp.LoseCatalog(), PoolOp.Reopen(), PoolOp.MovePool() -> {}
    }
  }

  private Node put(Node node) {
    nodes.put(node.id(), node);
    return node;
  }

  private void add(String disk, int parent, ReferenceDisk content) {
    int id = ++lastId;
    Node active = put(new Node(++lastId, id, Role.ACTIVE, "", parent, content));
    disks.put(disk, new Disk(id, disk, active.id(), 0, true));
  }

  /// The content of a disk, to be changed: from here on it has one of its own.
  private ReferenceDisk content(String disk) {
    return put(active(disk).withContent(active(disk).content().copy())).content();
  }

  /// Says what a disk holds, where that could not be foreseen.
  void adopt(String disk, ReferenceDisk content) {
    put(active(disk).withContent(content));
  }

  private void take(String disk, String name) {
    Disk owner = disk(disk);
    Node active = active(disk);
    if (virtual) {
      put(active.with(Role.SNAPSHOT, name));
      stand(owner, active);
    } else {
      int id = ++lastId;
      put(new Node(id, owner.id(), Role.INSIDE, name, owner.standsOn(), active.content()));
      disks.put(disk, owner.standingOn(id));
    }
  }

  /// The disk goes on in a new node.
  private void stand(Disk owner, Node on) {
    Node next = put(new Node(++lastId, owner.id(), Role.ACTIVE, "", on.id(), on.content()));
    disks.put(owner.name(), owner.withActive(next.id()));
  }

  private void revert(String disk, String name, @Nullable String keepAs) {
    Node target = snapshot(disk, name);
    if (!virtual) {
      if (keepAs != null) {
        take(disk, keepAs);
      }
      put(active(disk).withContent(target.content()));
      disks.put(disk, disk(disk).standingOn(target.id()));
      return;
    }
    Node old = active(disk);
    if (keepAs == null) {
      nodes.remove(old.id());
    } else {
      put(old.with(Role.SNAPSHOT, keepAs));
    }
    stand(disk(disk), target);
    collect(false);
  }

  private void delete(String disk, String name) {
    Node node = snapshot(disk, name);
    List<Node> children = children(node.id());
    if (node.role() == Role.INSIDE) {
      remove(node);
      if (disk(disk).standsOn() == node.id()) {
        disks.put(disk, disk(disk).standingOn(node.parent()));
      }
    } else if (children.size() < 2) {
      remove(node);
    } else {
      put(node.with(Role.RETIRED, ""));
    }
    collect(false);
  }

  private void remove(Node node) {
    nodes.remove(node.id());
    children(node.id()).forEach(child -> put(child.withParent(node.parent())));
  }

  private void deleteDisk(String name) {
    int id = disk(name).id();
    Set<Integer> read = new HashSet<>();
    nodes.values().stream().filter(n -> n.disk() != id).forEach(n -> addBeneath(n, read));
    List<Node> own = nodes.values().stream().filter(n -> n.disk() == id).toList();
    for (Node node : own) {
      if (read.contains(node.id())) {
        put(node.with(Role.RETIRED, ""));
      } else {
        nodes.remove(node.id());
      }
    }
    disks.remove(name);
    collect(false);
  }

  private void addBeneath(Node node, Set<Integer> read) {
    for (int at = node.parent(); at != 0; at = node(at).parent()) {
      read.add(at);
    }
  }

  private void fastClone(PoolOp.FastClone op, Seen seen) {
    Node base;
    if (op.snapshot() == null) {
      base = active(op.disk());
      take(op.disk(), seen.takenFor(op));
    } else {
      base = snapshot(op.disk(), op.snapshot());
    }
    add(op.made(), base.id(), base.content());
  }

  private void qemu(String disk, String flag, String name) {
    switch (flag) {
      case "-c" -> take(disk, name);
      case "-a" -> put(active(disk).withContent(snapshot(disk, name).content()));
      default -> remove(snapshot(disk, name));
    }
    disks.put(disk, disk(disk).withoutShape());
  }

  /// Retired nodes that nobody reads go; those that one node reads become part of it.
  ///
  /// @param intoClones also where that node is another disk's
  void collect(boolean intoClones) {
    Optional<Node> next = collectable(intoClones).findFirst();
    while (next.isPresent()) {
      remove(next.get());
      next = collectable(intoClones).findFirst();
    }
  }

  private Stream<Node> collectable(boolean intoClones) {
    return nodes.values().stream()
        .filter(n -> n.role() == Role.RETIRED)
        .filter(n -> {
          List<Node> children = children(n.id());
          return children.isEmpty()
              || (children.size() == 1 && (intoClones || children.getFirst().disk() == n.disk()));
        });
  }
}
