// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import io.varve.image.BackingReference;
import io.varve.image.GuestOffset;
import io.varve.image.LayerFormat;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainOptions;
import io.varve.image.chain.OpenGate;
import io.varve.image.op.Progress;
import io.varve.image.op.PullOp;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A folder of layers that hang together, grown, frozen, branched and merged by hand: what a pool
/// does to its files, without a catalog.
final class FrozenTree {
  /// A layer of the tree.
  static final class Node {
    final UUID id;
    final int clusterBits;
    @Nullable Node parent;
    boolean frozen;

    Node(UUID id, int clusterBits, @Nullable Node parent) {
      this.id = id;
      this.clusterBits = clusterBits;
      this.parent = parent;
    }
  }

  private static final UUID DISK = new UUID(1, 2);

  private final Path folder;
  private final RandomGenerator random;
  private final Map<UUID, Node> nodes = new LinkedHashMap<>();

  FrozenTree(Path folder, RandomGenerator random) throws IOException {
    this.folder = Files.createDirectories(folder);
    this.random = random;
  }

  Path folder() {
    return folder;
  }

  Path file(Node node) {
    return folder.resolve(node.id + ".qcow2");
  }

  List<Node> nodes(boolean frozen) {
    return nodes.values().stream().filter(n -> n.frozen == frozen).toList();
  }

  List<Node> children(Node of) {
    return nodes.values().stream().filter(n -> n.parent == of).toList();
  }

  /// The layers of a chain, the root first.
  List<Node> rootFirst(Node newest) {
    List<Node> chain = new ArrayList<>();
    for (Node at = newest; at != null; at = at.parent) {
      chain.addFirst(at);
    }
    return chain;
  }

  UUID newId() {
    return new UUID(random.nextLong(), random.nextLong());
  }

  /// A new active layer on a frozen one, or alone.
  Node add(@Nullable Node parent, long size, int clusterBits, boolean extendedL2)
      throws IOException {
    Node node = new Node(newId(), clusterBits, parent);
    Qcow2CreateOptions options =
        Qcow2CreateOptions.ofSize(size)
            .withClusterBits(clusterBits)
            .withExtendedL2(extendedL2)
            .withBacking(parent == null ? null : reference(parent))
            .withIdentity(
                VarveIdentity.active(
                    node.id, parent == null ? null : parent.id, DISK, "disk", nodes.size()));
    try (FileStorage file = FileStorage.create(file(node), LockMode.WRITER)) {
      Qcow2Create.create(file, options);
    }
    nodes.put(node.id, node);
    return node;
  }

  private BackingReference reference(Node parent) {
    return new BackingReference(parent.id + ".qcow2", LayerFormat.QCOW2.id());
  }

  Chain open(Node node, boolean writable) throws IOException {
    ChainOptions options = ChainOptions.readOnly(OpenGate.confinedTo(List.of(folder)));
    return Chain.open(file(node), LayerFormat.QCOW2, options.withWritable(writable));
  }

  /// Some writes, zeros and discards.
  void scribble(Node active, int count) throws IOException {
    try (Chain chain = open(active, true)) {
      for (int i = 0; i < count; i++) {
        long at = random.nextLong(chain.size() / 512) * 512;
        long length =
            Math.min(chain.size() - at, 512L * (1 + random.nextInt(1 << random.nextInt(9))));
        switch (random.nextInt(6)) {
          case 0 -> chain.zero(GuestOffset.of(at), length, ZeroMode.UNMAP);
          case 1 -> chain.discard(GuestOffset.of(at), length);
          default -> {
            byte[] bytes = new byte[(int) length];
            random.nextBytes(bytes);
            chain.write(GuestOffset.of(at), ByteBuffer.wrap(bytes));
          }
        }
      }
    }
  }

  void resize(Node active, long size) throws IOException {
    try (Chain chain = open(active, true)) {
      chain.resize(size);
    }
  }

  /// Freezes an active layer and lays a new one on it.
  Node snapshot(Node active) throws IOException {
    freeze(active);
    Qcow2Layer layer = look(active);
    try (layer) {
      return add(active, layer.size(), active.clusterBits, layer.info().extendedL2());
    }
  }

  void freeze(Node active) throws IOException {
    try (Qcow2Layer layer = write(active)) {
      VarveIdentity own = layer.identity().orElseThrow();
      layer.setIdentity(own.asSnapshot("s" + nodes.size(), newId(), own.createdEpochMillis() + 1));
    }
    active.frozen = true;
  }

  /// Takes the name of a frozen layer away: its header changes, and nothing else.
  void retire(Node frozen) throws IOException {
    try (Qcow2Layer layer = write(frozen)) {
      layer.setIdentity(layer.identity().orElseThrow().asRetired(1 + random.nextInt(1000)));
    }
  }

  /// Merges a frozen layer into its only child, and deletes its file.
  void mergeUp(Node layer, Node child) throws IOException {
    try (Chain chain = open(child, true)) {
      PullOp.pull(chain, 1, Progress.NONE);
      Qcow2Layer top = (Qcow2Layer) chain.top();
      Node parent = layer.parent;
      top.setBackingAndIdentity(
          parent == null ? null : reference(parent),
          top.identity().orElseThrow().withParent(parent == null ? null : parent.id));
    }
    child.parent = layer.parent;
    remove(layer);
  }

  void remove(Node layer) throws IOException {
    nodes.remove(layer.id);
    Files.delete(file(layer));
  }

  Qcow2Layer look(Node node) throws IOException {
    return Qcow2Layer.open(
        FileStorage.open(file(node), FileAccess.READ_ONLY, LockMode.FORCE_SHARE),
        Qcow2Options.readOnly());
  }

  private Qcow2Layer write(Node node) throws IOException {
    return Qcow2Layer.open(
        FileStorage.open(file(node), FileAccess.READ_WRITE, LockMode.WRITER),
        Qcow2Options.readWrite());
  }
}
