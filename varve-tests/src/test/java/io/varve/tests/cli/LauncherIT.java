// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The program as it is packaged: started by its launcher, from modules, as a process of its own.
class LauncherIT {
  @TempDir Path folder;
  private Path program = Path.of("");

  @BeforeEach
  void packaged() {
    String home = System.getProperty("varve.home", "");
    program = Path.of(home, "bin", "varve");
    assumeTrue(Files.exists(program), "nothing is packaged in " + home);
  }

  private record Ran(int code, String out, String err) {}

  /// Runs a line of bash in which `varve` is the program.
  private Ran bash(String line) throws IOException, InterruptedException {
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder("bash", "-c", "varve() { bash '" + program + "' \"$@\"; }\n" + line)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().put("VARVE_HOME", folder.resolve("home").toString());
    Process process = builder.start();
    process.getOutputStream().close();
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    return new Ran(
        process.exitValue(),
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }

  @Test
  void everyModuleItNeedsIsThere() throws Exception {
    Ran ran =
        bash(
            """
            set -e
            varve pool create main %s/main
            varve disk create d 64M
            printf abc | varve disk write d 1M
            varve snapshot create d@one
            varve disk read d@one 1M 3
            """
                .formatted(folder));
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out()).endsWith("abc");
    assertThat(ran.err()).isEmpty();
  }

  @Test
  void endsSilentlyWhenItsReaderLeaves() throws Exception {
    Ran ran = bash("varve completion | head -n 1");
    assertThat(ran.code()).isZero();
    assertThat(ran.err()).isEmpty();
  }

  @Test
  void endsSilentlyWhenTheReaderOfADiskLeaves() throws Exception {
    Ran ran =
        bash(
            """
            varve pool create main %s/main && varve disk create d 64M >/dev/null || exit 9
            varve disk read d 0 64M | head -c 100 | wc -c
            """
                .formatted(folder));
    assertThat(ran.out().strip()).endsWith("100");
    assertThat(ran.err()).isEmpty();
  }

  @Test
  void saysWhenStandardOutputIsFull() throws Exception {
    Ran ran = bash("varve completion > /dev/full");
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err()).contains("No space left on device").doesNotContain("\tat ");
  }

  @Test
  void refusesWhatNeedsAYesWhenNobodyIsThere() throws Exception {
    bash("varve pool create main %s/main && varve disk create d 64M".formatted(folder));
    Ran ran = bash("varve disk delete d");
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).contains("--yes");
    assertThat(bash("varve disk delete d --yes").code()).isZero();
  }
}
