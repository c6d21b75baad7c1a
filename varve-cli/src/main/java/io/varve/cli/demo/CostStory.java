// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.demo;

import io.varve.cli.text.Elapsed;
import io.varve.engine.DiskAddress;
import io.varve.engine.Varve;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.SnapshotKindChoice;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What a snapshot costs: nothing for its disk's size, and something for later writes.
final class CostStory {
  private static final int ROUNDS = 15;

  private final Scene scene;

  CostStory(Scene scene) {
    this.scene = scene;
  }

  void tell() throws IOException {
    scene.narrator.scene("What a write costs before and after a snapshot, counted on the host");
    scene.varve("io", "main/shop", "--probe");
    scene.narrator.scene("A snapshot of 1 TiB takes as long as one of 1 GiB");
    List<Duration> small = new ArrayList<>();
    List<Duration> large = new ArrayList<>();
    try (Varve varve = scene.engine()) {
      varve.disks().create("main", "small", DiskSpec.of(1L << 30));
      varve.disks().create("main", "large", DiskSpec.of(1L << 40));
      for (int i = 0; i < ROUNDS; i++) {
        small.add(take(varve, "small", "s" + i));
        large.add(take(varve, "large", "s" + i));
      }
      varve.disks().delete(DiskAddress.disk("main", "small"), true);
      varve.disks().delete(DiskAddress.disk("main", "large"), true);
    }
    Duration one = median(small);
    Duration thousand = median(large);
    scene.narrator.say(
        "storage snapshots, median of %d taken in turn: 1 GiB %s, 1 TiB %s, ratio %s"
            .formatted(
                ROUNDS,
                Elapsed.human(one),
                Elapsed.human(thousand),
                String.format(Locale.ROOT, "%.2f", (double) thousand.toNanos() / one.toNanos())));
  }

  private static Duration take(Varve varve, String disk, String name) {
    long start = System.nanoTime();
    varve.snapshots().create(DiskAddress.disk("main", disk), name, SnapshotKindChoice.STORAGE);
    return Elapsed.since(start);
  }

  private static Duration median(List<Duration> times) {
    return times.stream().sorted().toList().get(times.size() / 2);
  }
}
