// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.chain.map.FrozenMap;
import io.varve.image.chain.side.FamilyMap;
import io.varve.image.chain.side.FamilyMapWriter;
import io.varve.testkit.SeededTest;
import io.varve.tests.image.FrozenTree.Node;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.io.TempDir;

/// Random trees: whatever is written, frozen, branched, resized, merged and removed, the side file
/// says of every frozen layer what a walk through its layers says.
class SideFileModelTest {
  private static final long MIB = 1 << 20;

  @TempDir Path folder;

  private RandomGenerator random;
  private FrozenTree tree;
  private FamilyMap family;

  /// Layers of which the side file must have a map.
  private final Set<UUID> kept = new HashSet<>();

  @SeededTest(12)
  void saysWhatTheLayersSay(RandomGenerator seeded) throws IOException {
    random = seeded;
    tree = new FrozenTree(folder.resolve("layers"), random);
    family = new FamilyMap(folder.resolve("index"), new UUID(7, 7), tree.folder());
    boolean extended = random.nextInt(3) == 0;
    tree.add(null, size(), extended ? 16 : 9 + random.nextInt(8), extended);
    for (int step = 0; step < 60; step++) {
      step();
      if (step % 5 == 4) {
        compareAll();
      }
    }
  }

  private long size() {
    return random.nextBoolean() ? 24 * MIB : random.nextLong(MIB / 512, 70 * MIB / 512) * 512;
  }

  private void step() throws IOException {
    Node active = pick(tree.nodes(false));
    switch (random.nextInt(10)) {
      case 0, 1, 2 -> tree.scribble(active, 1 + random.nextInt(12));
      case 3, 4, 5 -> snapshot(active);
      case 6 -> branch();
      case 7 -> tree.resize(active, size());
      case 8 -> merge();
      default -> retireOrRemove();
    }
  }

  private Node pick(List<Node> nodes) {
    return nodes.get(random.nextInt(nodes.size()));
  }

  private void snapshot(Node active) throws IOException {
    tree.snapshot(active);
    try (FamilyMapWriter writer = writer()) {
      if (random.nextInt(4) > 0) {
        writer.keep(active.id, random.nextInt(4) == 0 ? 1 : Long.MAX_VALUE);
        kept.add(active.id);
      }
      if (random.nextInt(12) == 0) {
        writer.drop();
        kept.clear();
      }
    }
  }

  private FamilyMapWriter writer() throws IOException {
    return FamilyMapWriter.open(family, tree::newId);
  }

  private void branch() throws IOException {
    List<Node> frozen = tree.nodes(true);
    if (!frozen.isEmpty()) {
      boolean extended = random.nextInt(4) == 0;
      tree.add(pick(frozen), size(), extended ? 16 : 9 + random.nextInt(8), extended);
    }
  }

  private void merge() throws IOException {
    for (Node layer : tree.nodes(true)) {
      List<Node> children = tree.children(layer);
      if (children.size() != 1) {
        continue;
      }
      Node child = children.getFirst();
      try (FamilyMapWriter writer = writer()) {
        boolean known = writer.knows(layer.id) && (!child.frozen || writer.knows(child.id));
        tree.mergeUp(layer, child);
        if (known) {
          writer.merged(List.of(layer.id), child.id);
        } else {
          kept.clear();
        }
      }
      kept.remove(layer.id);
      return;
    }
  }

  private void retireOrRemove() throws IOException {
    List<Node> frozen = tree.nodes(true);
    if (frozen.isEmpty()) {
      return;
    }
    Node node = pick(frozen);
    try (FamilyMapWriter writer = writer()) {
      boolean known = writer.knows(node.id);
      if (tree.children(node).isEmpty() && node.parent != null) {
        tree.remove(node);
        writer.gone(node.id);
        kept.remove(node.id);
        return;
      }
      tree.retire(node);
      if (known) {
        writer.changed(node.id);
      } else {
        kept.clear();
      }
    }
  }

  private void compareAll() throws IOException {
    for (Node node : tree.nodes(true)) {
      if (random.nextInt(3) == 0) {
        try (FamilyMapWriter writer = writer()) {
          writer.keep(node.id, Long.MAX_VALUE);
          assertThat(writer.covers(node.id)).isTrue();
          kept.add(node.id);
        }
      }
      FrozenMap map = family.find(node.id);
      if (kept.contains(node.id)) {
        assertThat(map).describedAs("map of %s", node.id).isNotNull();
      }
      if (map != null) {
        try (MapAgainstWalk both = new MapAgainstWalk(tree, node, map)) {
          both.compare(random, 200);
        }
      }
    }
  }
}
