// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.cli.Main;
import io.varve.testkit.QemuTools;
import io.varve.testkit.SeededTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.io.TempDir;

/// The program is killed, without a warning, while it applies a stream or adopts a chain.
class KillCliIT {
  private static final int KILLS = 6;
  private static final long MOST_MILLIS = 1500;

  @TempDir Path folder;

  /// Runs the program in a process of its own and kills it after a while, if it still runs.
  private void runAndKill(Path home, long millis, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("VARVE_HOME", home.toString());
    builder.redirectOutput(folder.resolve("child.out").toFile());
    Process process = builder.start();
    try {
      if (!process.waitFor(millis, TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @SeededTest(2)
  void anAppliedStreamThatWasKilledIsAppliedAgain(RandomGenerator random) throws IOException {
    Cli here = new Cli(folder.resolve("here"));
    here.ok("pool", "create", "main", folder.resolve("pool-here").toString());
    here.ok("disk", "create", "main/d", "256M");
    here.ok("snapshot", "create", "d@one");
    here.ok("disk", "write", "d", "1M", "--pattern", "7", "--length", "96M");
    here.ok("snapshot", "create", "d@two");
    Path one = folder.resolve("one.vdiff");
    Path two = folder.resolve("two.vdiff");
    Files.write(one, here.ok("snapshot", "diff", "--full", "d@one", "--stream").bytes());
    Files.write(two, here.ok("snapshot", "diff", "d@one", "d@two", "--stream").bytes());
    Path home = folder.resolve("there");
    Cli there = new Cli(home);
    there.ok("pool", "create", "far", folder.resolve("pool-there").toString());
    there.ok("disk", "apply", "far/d", one.toString());
    for (int i = 0; i < KILLS; i++) {
      runAndKill(home, random.nextLong(150, MOST_MILLIS), "disk", "apply", "d", two.toString());
      String first = there.ok("disk", "read", "d", "1M", "1").out();
      String last = there.ok("disk", "read", "d", "96M", "1").out();
      assertThat(first).as("all of it, or nothing").isEqualTo(last);
    }
    there.ok("disk", "apply", "d", two.toString());
    Path out = folder.resolve("far.raw");
    Path own = folder.resolve("near.raw");
    there.ok("disk", "export", "d", out.toString());
    here.ok("disk", "export", "d@two", own.toString());
    assertThat(Files.mismatch(out, own)).isEqualTo(-1);
    assertThat(there.ok("doctor", "--deep").out()).contains("nothing is wrong");
  }

  @SeededTest(2)
  void aChainWhoseAdoptionWasKilledIsAdoptedOrLeftAlone(RandomGenerator random) throws IOException {
    QemuTools qemu = QemuTools.require();
    Path home = folder.resolve("home");
    Cli varve = new Cli(home);
    varve.ok("pool", "create", "main", folder.resolve("pool").toString());
    Path images = Files.createDirectories(folder.resolve("images"));
    Path top = images.resolve("l0");
    qemu.img("create", "-q", "-f", "qcow2", top.toString(), "16M").ok();
    for (int i = 1; i < 12; i++) {
      qemu.io(top, List.of("write -P " + i + " " + i + "M 64k"));
      Path next = images.resolve("l" + i);
      String base = String.valueOf(top.getFileName());
      qemu.img("create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", next.toString()).ok();
      top = next;
    }
    for (int i = 0; i < KILLS; i++) {
      runAndKill(home, random.nextLong(150, MOST_MILLIS), "disk", "adopt", "web", top.toString());
      varve.ok("disk", "create", "wake-up-" + i, "1M");
      boolean adopted = varve.run("disk", "show", "web").code() == 0;
      assertThat(Files.exists(top)).isNotEqualTo(adopted);
      if (adopted) {
        break;
      }
      qemu.io(top, List.of("read -P 1 1M 64k", "read -P 11 11M 64k"));
    }
    if (Files.exists(top)) {
      varve.ok("disk", "adopt", "web", top.toString());
    }
    for (int i = 1; i < 12; i++) {
      assertThat(varve.ok("disk", "read", "web", i + "M", "1").bytes()).containsExactly(i);
    }
    assertThat(varve.ok("doctor", "--deep").out()).contains("nothing is wrong");
  }
}
