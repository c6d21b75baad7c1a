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

/// Random sessions on one image, step by step with both programs by turns: each step answers, and
/// each image ends, as if the real tool had done it all.
class RandomSessionTest {
  private static final int STEPS = 12;

  @TempDir(cleanup = CleanupMode.ALWAYS)
  Path folder;

  @SeededTest(4)
  void everyStepIsAsTheRealToolDoesIt(Seed seed) throws IOException {
    Assumptions.assumeTrue(QemuTools.require().atLeast(10, 0), "the words of QEMU 10 are compared");
    Script script = RandomSession.script(seed.random(), STEPS);
    ParityRun run = new ParityRun(script, folder.toRealPath());
    for (ParityRun.Mixture mixture : ParityRun.Mixture.values()) {
      List<String> differences = run.differences(mixture);
      assertThat(String.join("\n\n", differences)).as("%s", script.text()).isEmpty();
    }
  }
}
