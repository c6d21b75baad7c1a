// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.engine;

import io.varve.catalog.SqliteCatalog;
import io.varve.engine.DiskAddress;
import io.varve.engine.DiskSession;
import io.varve.engine.EngineConfig;
import io.varve.engine.Varve;
import io.varve.engine.model.SnapshotKindChoice;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// A program that works on a disk until it is killed. Round k writes k all over a block and into a
/// block of its own, takes snapshot `s<k>`, and deletes, reverts or clones something. It prints
/// `round k` when a round begins and `done k` when it has ended.
public final class KilledProgram {
  static final int BLOCK = 64 << 10;
  static final int BLOCKS = 64;

  private KilledProgram() {}

  /// @param args the folder of the catalog, the name of the disk's pool
  public static void main(String[] args) {
    DiskAddress disk = DiskAddress.disk(args[1], "d");
    boolean clones = Boolean.parseBoolean(args[2]);
    Path home = Path.of(args[0]);
    EngineConfig config = EngineConfig.of(home, SqliteCatalog.open(home.resolve("catalog.db")));
    try (Varve varve = Varve.open(config)) {
      int first = firstRound(varve, disk);
      for (int k = first; ; k++) {
        say("round " + k);
        round(varve, disk, k, clones);
        say("done " + k);
      }
    }
  }

  private static int firstRound(Varve varve, DiskAddress disk) {
    return varve.snapshots().list(disk).stream()
            .map(s -> s.name())
            .filter(name -> name.startsWith("s"))
            .mapToInt(name -> Integer.parseInt(name.substring(1)))
            .max()
            .orElse(0)
        + 1;
  }

  private static void round(Varve varve, DiskAddress disk, int k, boolean clones) {
    try (DiskSession session = varve.data().open(disk, true)) {
      session.write(0, block(k));
      session.write((long) (1 + k % (BLOCKS - 1)) * BLOCK, block(k));
      session.flush();
    }
    varve.snapshots().create(disk, "s" + k, SnapshotKindChoice.AUTO);
    List<String> names = varve.snapshots().list(disk).stream().map(s -> s.name()).toList();
    switch (k % 4) {
      case 0 -> varve.snapshots().delete(disk.at(names.getFirst()));
      case 1 -> varve.snapshots().delete(disk.at(names.get(names.size() / 2)));
      case 2 -> varve.snapshots().revert(disk.at(names.get(names.size() / 2)), null);
      default -> {
        if (clones) {
          varve.clones().fast(disk.at(names.getLast()), List.of("c" + k, "e" + k));
          varve.disks().delete(DiskAddress.disk(disk.pool(), "c" + k), true);
        }
      }
    }
  }

  static ByteBuffer block(int k) {
    byte[] bytes = new byte[BLOCK];
    Arrays.fill(bytes, (byte) k);
    return ByteBuffer.wrap(bytes);
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }
}
