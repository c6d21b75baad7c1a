// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.testkit.SeededTest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.io.TempDir;

/// Random chains read through the map: layers of all cluster sizes, with subclusters, compressed
/// clusters, external data files, shorter and longer than each other, over raw files; written,
/// discarded, snapshotted and merged while open. What the map says is what the layers say when they
/// are asked one by one.
class MapModelTest {
  private static final int STEPS = 60;

  @SeededTest(12)
  void theMapSaysWhatTheLayersSay(RandomGenerator random, @TempDir Path folder) throws IOException {
    MappedDisk disk = new MappedDisk(folder, random);
    try {
      for (int step = 0; step < STEPS; step++) {
        disk.step();
        if (random.nextInt(3) == 0) {
          disk.compare();
        }
      }
      disk.compare();
      disk.chain.close();
    } catch (IOException | RuntimeException | AssertionError e) {
      throw new AssertionError(String.join("\n", disk.story) + "\n" + e, e);
    }
  }
}
