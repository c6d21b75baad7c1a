// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.chain.map.FrozenMap;
import io.varve.image.chain.side.FamilyMap;
import io.varve.image.chain.side.FamilyMapWriter;
import io.varve.testkit.QemuTools;
import io.varve.testkit.SeededTest;
import io.varve.tests.image.FrozenTree.Node;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.io.TempDir;

/// A side file that a crash tore, or that somebody changed, knows less, and nothing wrong. The same
/// after layers were changed behind its back.
class SideFileDamageTest {
  private static final int RECORD = 128;

  @TempDir Path folder;

  private RandomGenerator random;
  private FrozenTree tree;
  private FamilyMap family;
  private Node newest;
  private Path records;
  private Path pages;

  private void make(RandomGenerator seeded) throws IOException {
    random = seeded;
    tree = new FrozenTree(folder.resolve("layers"), random);
    family = new FamilyMap(folder.resolve("index"), new UUID(3, 3), tree.folder());
    newest = tree.add(null, 8 << 20, 12, false);
    for (int i = 0; i < 6; i++) {
      tree.scribble(newest, 5);
      Node next = tree.snapshot(newest);
      keep(newest);
      newest = next;
    }
    newest = newest.parent;
    records = only(".map");
    pages = only(".pages");
  }

  private void keep(Node node) throws IOException {
    try (FamilyMapWriter writer = FamilyMapWriter.open(family, tree::newId)) {
      writer.keep(node.id, Long.MAX_VALUE);
    }
  }

  private Path only(String suffix) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("index"))) {
      return files.filter(file -> file.toString().endsWith(suffix)).findFirst().orElseThrow();
    }
  }

  /// What is known is right. Returns how many of the places asked for are known.
  private int known(Node node) throws IOException {
    FrozenMap map = family.find(node.id);
    if (map == null) {
      return 0;
    }
    try (MapAgainstWalk both = new MapAgainstWalk(tree, node, map)) {
      return both.compareKnown(random, 8);
    }
  }

  @SeededTest(2)
  void aTailTornAtAnyByteIsCutAndWrittenOver(RandomGenerator seeded) throws IOException {
    make(seeded);
    byte[] whole = Files.readAllBytes(records);
    for (int cut = 0; cut <= whole.length; cut++) {
      Files.write(records, Arrays.copyOf(whole, cut));
      boolean complete = cut == whole.length;
      assertThat(known(newest)).describedAs("%d bytes", cut).isEqualTo(complete ? 8 : 0);
    }
    for (int cut = RECORD; cut < whole.length; cut += 61) {
      Files.write(records, Arrays.copyOf(whole, cut));
      keep(newest);
      assertThat(known(newest)).describedAs("mended from %d bytes", cut).isEqualTo(8);
    }
  }

  @SeededTest(2)
  void pagesThatNeverReachedTheDiskAreNotBelieved(RandomGenerator seeded) throws IOException {
    make(seeded);
    byte[] whole = Files.readAllBytes(pages);
    byte[] all = Files.readAllBytes(records);
    for (int cut = 0; cut < whole.length; cut += 1 + random.nextInt(700)) {
      byte[] torn =
          Arrays.copyOf(Arrays.copyOf(whole, cut), random.nextBoolean() ? whole.length : cut);
      Files.write(pages, torn);
      Files.write(records, all);
      known(newest);
    }
    for (int kept : new int[] {0, 512}) {
      Files.write(pages, Arrays.copyOf(Arrays.copyOf(whole, kept), whole.length));
      Files.write(records, all);
      assertThat(known(newest)).isZero();
      keep(newest);
      assertThat(known(newest)).isEqualTo(8);
    }
  }

  @SeededTest(2)
  void aFlippedBitIsNoticed(RandomGenerator seeded) throws IOException {
    make(seeded);
    byte[] all = Files.readAllBytes(records);
    for (Path file : List.of(records, pages)) {
      byte[] whole = Files.readAllBytes(file);
      for (int i = 0; i < 300; i++) {
        byte[] damaged = whole.clone();
        damaged[random.nextInt(whole.length)] ^= (byte) (1 << random.nextInt(8));
        Files.write(records, all);
        Files.write(file, damaged);
        known(newest);
      }
      Files.write(file, whole);
      Files.write(records, all);
    }
    assertThat(known(newest)).isEqualTo(8);
  }

  @SeededTest(1)
  void qemuWritingIntoAFrozenLayerIsNoticed(RandomGenerator seeded) throws IOException {
    Assumptions.assumeTrue(QemuTools.installed().isPresent(), "no QEMU here");
    make(seeded);
    Node middle = tree.rootFirst(newest).get(3);
    FileTime time = Files.getLastModifiedTime(tree.file(middle));
    QemuTools.require().io(tree.file(middle), List.of("write -P 7 1M 64k"));
    Files.setLastModifiedTime(tree.file(middle), time);

    assertThat(family.find(newest.id)).isNull();
    assertThat(known(tree.rootFirst(newest).get(2))).isEqualTo(8);
    keep(newest);
    assertThat(known(newest)).isEqualTo(8);
  }

  @SeededTest(1)
  void aLayerThatWasReplacedOrIsGoneIsNoticed(RandomGenerator seeded) throws IOException {
    make(seeded);
    Path middle = tree.file(tree.rootFirst(newest).get(2));
    Path copy = folder.resolve("copy");
    Files.copy(middle, copy, StandardCopyOption.COPY_ATTRIBUTES);
    Files.delete(middle);
    assertThat(family.find(newest.id)).isNull();
    Files.createSymbolicLink(middle, copy);
    assertThat(family.find(newest.id)).isNull();
    Files.delete(middle);
    Files.move(copy, middle);
    assertThat(family.find(newest.id)).isNull();
    keep(newest);
    assertThat(known(newest)).isEqualTo(8);
  }
}
