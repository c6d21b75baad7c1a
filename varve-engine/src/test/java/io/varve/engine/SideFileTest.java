// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.BLOCK;
import static io.varve.engine.TestBed.MIB;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.engine.model.SnapshotKindChoice;
import io.varve.image.Below;
import io.varve.image.GuestOffset;
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
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A long chain is opened by its side file, and reads the same whatever becomes of that.
class SideFileTest {
  private static final int DEPTH = 40;

  @TempDir Path root;
  private TestBed bed;

  @BeforeEach
  void makeAChain() {
    bed = new TestBed(root).withPool().withDisk("d", 8 * MIB);
    for (int i = 1; i <= DEPTH; i++) {
      bed.write("p/d", (long) i * BLOCK, i, BLOCK);
      bed.write("p/d", 0, i, BLOCK);
      bed.varve.snapshots().create(at("p/d"), "s" + i, SnapshotKindChoice.STORAGE);
    }
  }

  @AfterEach
  void close() {
    bed.close();
  }

  private void requireRight() {
    assertThat(bed.read("p/d", 0)).isEqualTo(DEPTH);
    for (int i = 1; i <= DEPTH; i++) {
      assertThat(bed.read("p/d", (long) i * BLOCK)).isEqualTo(i);
    }
    assertThat(bed.read("p/d", (DEPTH + 1L) * BLOCK)).isZero();
    assertThat(bed.read("p/d@s35", 0)).isEqualTo(35);
  }

  private Path index() {
    return bed.folder.resolve("index");
  }

  private Path only(String suffix) throws IOException {
    try (Stream<Path> files = Files.list(index())) {
      return files.filter(file -> file.toString().endsWith(suffix)).findFirst().orElseThrow();
    }
  }

  /// Layer files of which this process has a descriptor.
  private long openLayers() throws IOException {
    try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
      return fds.filter(
              fd -> {
                try {
                  return Files.readSymbolicLink(fd).startsWith(bed.folder.resolve("layers"));
                } catch (IOException _) {
                  return false;
                }
              })
          .count();
    }
  }

  @Test
  void opensNoMoreLayersThanItReads() throws IOException {
    try (DiskSession session = bed.varve.data().open(at("p/d"), true)) {
      assertThat(openLayers()).isEqualTo(1);
      ByteBuffer one = ByteBuffer.allocate(1);
      session.read(7L * BLOCK, one);
      assertThat(one.get(0)).isEqualTo((byte) 7);
      assertThat(openLayers()).isEqualTo(2);
    }
    requireRight();
  }

  @Test
  void isMadeAgainWhenItIsGone() throws IOException {
    for (Path file : TestBed.files(index())) {
      Files.delete(file);
    }
    try (DiskSession _ = bed.varve.data().open(at("p/d"), false)) {
      assertThat(openLayers()).isGreaterThan(DEPTH);
    }
    try (DiskSession _ = bed.varve.data().open(at("p/d"), false)) {
      assertThat(openLayers()).isEqualTo(1);
    }
    requireRight();
  }

  @Test
  void readsTheSameWhereABitIsFlipped() throws IOException {
    for (String suffix : List.of(".map", ".pages")) {
      Path file = only(suffix);
      byte[] bytes = Files.readAllBytes(file);
      for (int at = 5; at < bytes.length; at += bytes.length / 23) {
        byte[] damaged = bytes.clone();
        damaged[at] ^= (byte) (1 << at % 8);
        Files.write(file, damaged);
        requireRight();
        if (!Files.exists(file)) {
          break;
        }
      }
      if (Files.exists(file)) {
        Files.write(file, bytes);
      }
    }
  }

  @Test
  void noticesAProgramThatWritesIntoAFrozenLayerAndSetsItsTimeBack() throws IOException {
    Path file = layerOf("s20");
    FileTime time = Files.getLastModifiedTime(file);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    try (Qcow2Layer layer =
        Qcow2Layer.open(
            FileStorage.open(file, FileAccess.READ_WRITE, LockMode.WRITER),
            Qcow2Options.readWrite())) {
      // The cluster that s10 holds: what the map says of it is wrong from now on.
      ByteBuffer bytes = ByteBuffer.allocate(BLOCK);
      Arrays.fill(bytes.array(), (byte) 99);
      layer.write(GuestOffset.of(10L * BLOCK), bytes, Below.NOTHING);
    }
    Files.setLastModifiedTime(file, time);

    assertThat(bed.read("p/d", 10L * BLOCK)).isEqualTo(99);
    assertThat(bed.read("p/d", 11L * BLOCK)).isEqualTo(11);
    assertThat(bed.read("p/d@s19", 10L * BLOCK)).isEqualTo(10);
  }

  private Path layerOf(String snapshot) throws IOException {
    for (Path file : bed.layerFiles()) {
      try (Qcow2Layer layer =
          Qcow2Layer.open(
              FileStorage.open(file, FileAccess.READ_ONLY, LockMode.FORCE_SHARE),
              Qcow2Options.readOnly())) {
        VarveIdentity own = layer.identity().orElseThrow();
        if (snapshot.equals(own.snapshotName())) {
          return file;
        }
      }
    }
    throw new AssertionError("no layer of " + snapshot);
  }

  @Test
  void staysRightThroughDeletesRevertsAndClones() throws IOException {
    for (int i : new int[] {5, 6, 20, 33, 1}) {
      bed.varve.snapshots().delete(at("p/d@s" + i));
    }
    bed.varve.jobs().runAll(TestBed.POOL);
    assertThat(bed.layerFiles()).hasSize(DEPTH + 1 - 5);
    try (DiskSession _ = bed.varve.data().open(at("p/d"), false)) {
      assertThat(openLayers()).isEqualTo(1);
    }
    requireRight();
    bed.varve.clones().fast(at("p/d@s38"), "c");
    bed.write("p/c", 0, 77, BLOCK);
    bed.varve.snapshots().create(at("p/c"), "own", SnapshotKindChoice.STORAGE);
    assertThat(bed.read("p/c", 0)).isEqualTo(77);
    assertThat(bed.read("p/c", 38L * BLOCK)).isEqualTo(38);
    assertThat(bed.read("p/c", 39L * BLOCK)).isZero();
    requireRight();
    bed.varve.snapshots().revert(at("p/d@s36"), "kept");
    assertThat(bed.read("p/d", 0)).isEqualTo(36);
    assertThat(bed.read("p/d@kept", 0)).isEqualTo(DEPTH);
    assertThat(bed.read("p/d", 37L * BLOCK)).isZero();
  }

  @Test
  void aWriteThatFailsInTheIndexFolderFailsNoVerb() throws IOException {
    for (Path file : TestBed.files(index())) {
      Files.delete(file);
    }
    Files.delete(index());
    Files.createFile(index());
    bed.write("p/d", 0, 50, BLOCK);
    bed.varve.snapshots().create(at("p/d"), "last", SnapshotKindChoice.STORAGE);
    assertThat(bed.read("p/d", 0)).isEqualTo(50);
  }
}
