// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.engine.DiskAddress;
import io.varve.engine.DiskSession;
import io.varve.engine.Varve;
import io.varve.engine.model.DeleteOutcome;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.PoolKind;
import io.varve.engine.model.SnapshotKindChoice;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Disks of an engine, and beside them what they should read: arrays in memory. Each step does one
/// thing to both.
final class TreeUnderTest {
  static final String POOL = "p";
  private static final int CLUSTER = 4096;
  private static final int SMALLEST = 64 * CLUSTER;
  private static final int MOST_DISKS = 6;
  private static final int MOST_SNAPSHOTS = 8;

  private final PoolKind kind;
  private final RandomGenerator random;
  private final Map<String, byte[]> disks = new TreeMap<>();
  private final Map<String, Map<String, byte[]>> snapshots = new TreeMap<>();
  private final List<String> story = new ArrayList<>();
  private int names;

  TreeUnderTest(PoolKind kind, RandomGenerator random) {
    this.kind = kind;
    this.random = random;
  }

  List<String> story() {
    return story;
  }

  /// Does one random thing.
  void step(Varve varve) {
    if (disks.isEmpty()) {
      create(varve);
      return;
    }
    String disk = anyOf(List.copyOf(disks.keySet()));
    switch (random.nextInt(20)) {
      case 0, 1, 2, 3, 4, 5 -> write(varve, disk);
      case 6 -> zero(varve, disk);
      case 7 -> discard(varve, disk);
      case 8, 9, 10 -> snapshot(varve, disk);
      case 11, 12 -> revert(varve, disk);
      case 13, 14, 15 -> deleteSnapshot(varve, disk);
      case 16 -> fastClone(varve, disk);
      case 17 -> fullClone(varve, disk);
      case 18 -> deleteDisk(varve, disk);
      default -> resize(varve, disk);
    }
  }

  private void tell(String what) {
    story.add(what);
  }

  private <T> T anyOf(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private static DiskAddress at(String disk) {
    return DiskAddress.disk(POOL, disk);
  }

  private String newName(String prefix) {
    return prefix + ++names;
  }

  private void create(Varve varve) {
    String disk = newName("d");
    tell("create " + disk);
    varve.disks().create(POOL, disk, DiskSpec.of(SMALLEST).withClusterSize(CLUSTER));
    add(disk, new byte[SMALLEST]);
  }

  private void add(String disk, byte[] content) {
    disks.put(disk, content);
    snapshots.put(disk, new TreeMap<>());
  }

  /// A range of any alignment, more often short than long.
  private int[] range(byte[] content, int unit) {
    int units = content.length / unit;
    int start = random.nextInt(units);
    int most = Math.min(units - start, random.nextInt(4) == 0 ? units : 3 * CLUSTER / unit + 1);
    return new int[] {start * unit, (1 + random.nextInt(most)) * unit};
  }

  private void write(Varve varve, String disk) {
    byte[] content = disks.get(disk);
    int[] range = range(content, 512);
    byte value = (byte) random.nextInt(1, 256);
    tell("write " + disk + " " + Arrays.toString(range) + " " + value);
    Arrays.fill(content, range[0], range[0] + range[1], value);
    try (DiskSession session = varve.data().open(at(disk), true)) {
      session.write(range[0], ByteBuffer.wrap(content, range[0], range[1]));
    }
  }

  private void zero(Varve varve, String disk) {
    byte[] content = disks.get(disk);
    int[] range = range(content, 512);
    tell("zero " + disk + " " + Arrays.toString(range));
    Arrays.fill(content, range[0], range[0] + range[1], (byte) 0);
    varve.data().zero(at(disk), range[0], range[1]);
  }

  private void discard(Varve varve, String disk) {
    byte[] content = disks.get(disk);
    int[] range = range(content, CLUSTER);
    tell("discard " + disk + " " + Arrays.toString(range));
    Arrays.fill(content, range[0], range[0] + range[1], (byte) 0);
    varve.data().discard(at(disk), range[0], range[1]);
  }

  private void snapshot(Varve varve, String disk) {
    Map<String, byte[]> own = snapshots.get(disk);
    if (own.size() >= MOST_SNAPSHOTS) {
      deleteSnapshot(varve, disk);
    }
    String name = newName("s");
    tell("snapshot " + disk + "@" + name);
    varve.snapshots().create(at(disk), name, SnapshotKindChoice.AUTO);
    own.put(name, disks.get(disk).clone());
  }

  private @Nullable String anySnapshot(String disk) {
    List<String> own = List.copyOf(snapshots.get(disk).keySet());
    return own.isEmpty() ? null : anyOf(own);
  }

  private void revert(Varve varve, String disk) {
    String name = anySnapshot(disk);
    if (name == null) {
      return;
    }
    String keep = random.nextInt(3) == 0 ? newName("k") : null;
    tell("revert " + disk + "@" + name + " keep " + keep);
    varve.snapshots().revert(at(disk).at(name), keep);
    if (keep != null) {
      snapshots.get(disk).put(keep, disks.get(disk));
    }
    disks.put(disk, snapshots.get(disk).get(name).clone());
  }

  private void deleteSnapshot(Varve varve, String disk) {
    String name = anySnapshot(disk);
    if (name == null) {
      return;
    }
    DeleteOutcome outcome = varve.snapshots().delete(at(disk).at(name));
    tell("delete " + disk + "@" + name + " " + outcome.how());
    snapshots.get(disk).remove(name);
  }

  private void fastClone(Varve varve, String disk) {
    if (kind == PoolKind.EXTERNAL || disks.size() >= MOST_DISKS) {
      return;
    }
    String name = random.nextBoolean() ? anySnapshot(disk) : null;
    String clone = newName("c");
    tell("fast clone " + disk + "@" + name + " as " + clone);
    DiskAddress source = name == null ? at(disk) : at(disk).at(name);
    String taken = varve.clones().fast(source, clone).snapshot();
    byte[] content = name == null ? disks.get(disk) : snapshots.get(disk).get(name);
    add(clone, content.clone());
    if (name == null) {
      snapshots.get(disk).put(taken.substring(taken.indexOf('@') + 1), content.clone());
    }
  }

  private void fullClone(Varve varve, String disk) {
    if (disks.size() >= MOST_DISKS) {
      return;
    }
    String name = random.nextBoolean() ? anySnapshot(disk) : null;
    String clone = newName("f");
    tell("full clone " + disk + "@" + name + " as " + clone);
    varve.clones().full(name == null ? at(disk) : at(disk).at(name), clone, null);
    byte[] content = name == null ? disks.get(disk) : snapshots.get(disk).get(name);
    add(clone, content.clone());
  }

  private void deleteDisk(Varve varve, String disk) {
    if (disks.size() < 3) {
      return;
    }
    tell("delete disk " + disk);
    varve.disks().delete(at(disk), true);
    disks.remove(disk);
    snapshots.remove(disk);
  }

  private void resize(Varve varve, String disk) {
    byte[] content = disks.get(disk);
    int size = content.length + 512 * random.nextInt(1, 64);
    tell("resize " + disk + " to " + size);
    varve.disks().resize(at(disk), size, false);
    disks.put(disk, Arrays.copyOf(content, size));
  }

  /// Every disk and every snapshot, with what it should read.
  Map<DiskAddress, byte[]> expected() {
    Map<DiskAddress, byte[]> all = new java.util.LinkedHashMap<>();
    disks.forEach((disk, content) -> all.put(at(disk), content));
    snapshots.forEach(
        (disk, own) -> own.forEach((name, content) -> all.put(at(disk).at(name), content)));
    return all;
  }

  void requireSame(Varve varve, DiskAddress source, byte[] content) {
    try (DiskSession session = varve.data().open(source, false)) {
      assertThat(session.size()).as("size of %s after %s", source, story).isEqualTo(content.length);
      byte[] read = new byte[content.length];
      session.read(0, ByteBuffer.wrap(read));
      int difference = Arrays.mismatch(read, content);
      assertThat(difference).as("%s differs after %s", source, story).isEqualTo(-1);
    }
  }

  void requireAllSame(Varve varve) {
    expected().forEach((source, content) -> requireSame(varve, source, content));
    assertThat(varve.disks().list(POOL)).hasSize(disks.size());
    disks.forEach((disk, _) ->
        assertThat(varve.snapshots().list(at(disk)))
            .as("snapshots of %s after %s", disk, story)
            .hasSize(snapshots.get(disk).size()));
  }
}
