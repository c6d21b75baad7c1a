// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.engine.model.DiskView;
import io.varve.engine.model.SnapshotView;
import io.varve.engine.model.TreeNode;
import io.varve.image.storage.Directories;
import io.varve.testkit.QemuCheck;
import io.varve.testkit.QemuTools;
import io.varve.testkit.ReferenceDisk;
import io.varve.tests.engine.PoolModel.Disk;
import io.varve.tests.engine.PoolModel.Node;
import io.varve.tests.engine.PoolModel.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Compares a pool with the oracle: bytes, trees, files, and what QEMU says of them.
final class PoolAudit {
  private final PoolBed bed;
  private final PoolModel model;

  PoolAudit(PoolBed bed, PoolModel model) {
    this.bed = bed;
    this.model = model;
  }

  /// Everything that the engine shows: names, bytes, trees, files.
  void everything() throws IOException {
    assertThat(bed.varve().disks().list(PoolBed.POOL).stream().map(DiskView::name))
        .as("disks")
        .containsExactlyInAnyOrderElementsOf(model.disks().stream().map(Disk::name).toList());
    for (Disk disk : model.disks()) {
      shape(disk.name());
      content(disk.name(), null);
      for (Node snapshot : model.snapshots(disk.name())) {
        content(disk.name(), snapshot.name());
      }
    }
    files();
  }

  /// The bytes of a disk or a snapshot.
  void content(String disk, @Nullable String snapshot) throws IOException {
    ReferenceDisk expected = model.source(disk, snapshot).content();
    ReferenceDisk found = bed.read(disk, snapshot);
    String what = PoolBed.at(disk, snapshot).toString();
    assertThat(found.size()).as("size of %s", what).isEqualTo(expected.size());
    try {
      expected.assertMatches(found);
    } catch (AssertionError e) {
      throw new AssertionError(what + " " + e.getMessage(), e);
    }
  }

  /// The tree of a disk, and where the disk stands in it.
  void shape(String name) {
    Disk disk = model.disk(name);
    DiskView view = bed.varve().disks().show(PoolBed.at(name));
    assertThat(view.problem()).as("problem of %s", name).isNull();
    assertThat(view.size()).as("size of %s", name).isEqualTo(model.active(name).content().size());
    assertThat(bed.varve().snapshots().list(PoolBed.at(name)).stream().map(SnapshotView::name))
        .as("snapshots of %s", name)
        .containsExactlyInAnyOrderElementsOf(
            model.snapshots(name).stream().map(Node::name).toList());
    if (disk.shapeKnown()) {
      assertThat(found(name)).as("tree of %s", name).isEqualTo(expected(disk));
      assertThat(view.parent()).as("where %s stands", name).isEqualTo(standsOn(disk));
    }
  }

  /// Each node as `label<parent`, in no order of its own.
  private List<String> found(String disk) {
    List<TreeNode> nodes = bed.varve().snapshots().tree(PoolBed.at(disk), false).nodes();
    return nodes.stream().map(n -> label(n) + "<" + parent(nodes, n)).sorted().toList();
  }

  private static String parent(List<TreeNode> nodes, TreeNode node) {
    return nodes.stream()
        .filter(n -> n.id().equals(node.parent()))
        .findFirst()
        .map(PoolAudit::label)
        .orElse("-");
  }

  private static String label(TreeNode node) {
    return switch (node.role()) {
      case ACTIVE -> (node.youAreHere() ? "*" : "") + node.disk();
      case SNAPSHOT -> node.disk() + "@" + node.name();
      case RETIRED -> "(retired)";
    };
  }

  /// A disk's tree: its own nodes, what lies beneath them, and what stands on them.
  private List<String> expected(Disk disk) {
    Set<Integer> shown = new TreeSet<>();
    for (Node node : model.nodes()) {
      if (node.disk() == disk.id()) {
        for (int at = node.id(); at != 0; at = model.node(at).parent()) {
          shown.add(at);
        }
        model.children(node.id()).forEach(child -> shown.add(child.id()));
      }
    }
    List<String> labels = new ArrayList<>();
    for (int id : shown) {
      Node node = model.node(id);
      int parent = id == disk.active() && disk.standsOn() != 0 ? disk.standsOn() : node.parent();
      labels.add(label(node, disk) + "<" + (parent == 0 ? "-" : label(model.node(parent), disk)));
    }
    return labels.stream().sorted().toList();
  }

  private String label(Node node, Disk seenFrom) {
    String address = PoolBed.POOL + "/" + model.diskName(node.disk());
    return switch (node.role()) {
      case ACTIVE -> (node.id() == seenFrom.active() ? "*" : "") + address;
      case SNAPSHOT, INSIDE -> address + "@" + node.name();
      case RETIRED -> "(retired)";
    };
  }

  private @Nullable String standsOn(Disk disk) {
    int at = disk.standsOn() != 0 ? disk.standsOn() : model.node(disk.active()).parent();
    while (at != 0) {
      Node node = model.node(at);
      if (!node.name().isEmpty()) {
        boolean own = node.disk() == disk.id();
        return own ? node.name() : model.diskName(node.disk()) + "@" + node.name();
      }
      at = node.parent();
    }
    return null;
  }

  /// One file per layer, frozen ones without write permission, and nothing else.
  private void files() throws IOException {
    List<Path> files = imageFiles();
    long layers = model.nodes().stream().filter(n -> n.role() != Role.INSIDE).count();
    assertThat(files).as("files of %d layers", layers).hasSize((int) layers);
    if (!model.virtual()) {
      return;
    }
    Set<Path> active = new TreeSet<>();
    model.disks().forEach(disk -> active.add(bed.file(disk.name())));
    for (Path file : files) {
      assertThat(writable(file)).as("%s can be written", file).isEqualTo(active.contains(file));
    }
  }

  private static boolean writable(Path file) throws IOException {
    return Files.getPosixFilePermissions(file).contains(PosixFilePermission.OWNER_WRITE);
  }

  private List<Path> imageFiles() throws IOException {
    Path folder = model.virtual() ? bed.place().resolve("layers") : bed.place();
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  /// QEMU finds no fault in any file and reads the same through the chains.
  void askQemu() throws IOException {
    checkWithQemu(QemuCheck::assertClean);
    QemuTools qemu = QemuTools.require();
    for (Disk disk : model.disks()) {
      Path file = bed.file(disk.name());
      qemu.assertReads(file, model.active(disk.name()).content(), bed.root());
      for (Node node : model.snapshots(disk.name())) {
        if (node.role() == Role.SNAPSHOT) {
          qemu.assertReads(snapshotFile(disk, node), node.content(), bed.root());
        } else {
          readInside(qemu, file, node);
        }
      }
    }
  }

  /// After a kill: leaked clusters at most, and where the engine has repaired the file, none. QEMU
  /// gives those back that there are.
  void mend(boolean noLeaks) throws IOException {
    checkWithQemu(noLeaks ? QemuCheck::assertClean : QemuCheck::assertLeaksAtMost);
    for (Path file : imageFiles()) {
      if (QemuTools.require().check(file).leaks() > 0) {
        boolean frozen = !writable(file);
        Directories.setWritable(file, true);
        QemuTools.require().repair(file, "leaks").assertClean();
        Directories.setWritable(file, !frozen);
      }
    }
  }

  private void checkWithQemu(Consumer<QemuCheck> verdict) throws IOException {
    for (Path file : imageFiles()) {
      verdict.accept(QemuTools.require().check(file));
    }
  }

  private Path snapshotFile(Disk disk, Node node) {
    return bed.varve().snapshots().show(PoolBed.at(disk.name(), node.name())).file();
  }

  /// qemu-img shows a compute snapshot at the size that the disk has now.
  private void readInside(QemuTools qemu, Path file, Node node) throws IOException {
    ReferenceDisk shown = qemu.readSnapshot(file, node.name(), bed.root());
    long length = Math.min(shown.size(), node.content().size());
    node.content().assertMatches(shown, 0, length);
  }
}
