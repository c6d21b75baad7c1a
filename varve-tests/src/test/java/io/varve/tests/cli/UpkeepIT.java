// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.testkit.QemuTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// Chains of other makers come in, and disorder is found.
class UpkeepIT {
  @TempDir Path folder;
  private Cli varve = new Cli(Path.of("."));

  @BeforeEach
  void pool() {
    varve = new Cli(folder.resolve("home"));
    varve.ok("pool", "create", "main", folder.resolve("main").toString());
  }

  @Test
  void aChainIsShownThenAdopted() throws IOException {
    QemuTools qemu = QemuTools.require();
    Path base = folder.resolve("web.qcow2");
    Path top = folder.resolve("web.snap1");
    qemu.img("create", "-q", "-f", "qcow2", base.toString(), "16M").ok();
    qemu.io(base, List.of("write -P 65 0 64k"));
    qemu.img("create", "-q", "-f", "qcow2", "-b", "web.qcow2", "-F", "qcow2", top.toString()).ok();
    qemu.io(top, List.of("write -P 66 64k 64k"));
    String[] adopt = {"disk", "adopt", "main/web", top.toString(), "--snapshot", "clean"};
    assertThat(varve.ok("disk", "adopt", "main/web", top.toString(), "-n").out())
        .contains("would take: 2 files moved into pool main", "web@web  " + base);
    assertThat(base).exists();
    JsonNode done = varve.ok("disk", "adopt", "web", top.toString(), "-n", "--json").json();
    assertThat(done.get("done").asBoolean()).isFalse();
    assertThat(varve.ok(adopt).out()).startsWith("2 files moved").contains("web@clean");
    assertThat(base).doesNotExist();
    assertThat(varve.ok("disk", "read", "web", "64K", "2").out()).isEqualTo("BB");
    assertThat(varve.ok("disk", "read", "web@clean", "0", "2").out()).isEqualTo("AA");
    assertThat(varve.ok("doctor", "--deep").out()).contains("2 layers looked at, nothing is wrong");
    varve.refused(1, "disk", "adopt", "main/x", folder.resolve("none").toString());
    varve.refused(2, "disk", "adopt", "main/x", base.toString(), "--also", "nonsense");
  }

  @Test
  void theDoctorSaysFirstAndMendsWhenAsked() throws IOException {
    varve.ok("disk", "create", "main/d", "16M");
    varve.ok("snapshot", "create", "d@one");
    Path left = folder.resolve("main").resolve("layers").resolve("x.qcow2.new");
    Files.writeString(left, "half");
    Cli.Result seen = varve.run("doctor", "main");
    assertThat(seen.code()).isEqualTo(3);
    assertThat(seen.out()).contains("1 thing wrong", "--fix would: move it to set-aside");
    assertThat(left).exists();
    Cli.Result fixed = varve.run("doctor", "main", "--fix");
    assertThat(fixed.code()).isZero();
    assertThat(fixed.out()).contains("nothing is wrong, 1 mended", "mended: move it to set-aside");
    assertThat(left).doesNotExist();
    Files.writeString(left.resolveSibling("notes"), "mine");
    Cli.Result person = varve.run("doctor", "--fix", "--json");
    assertThat(person.code()).isEqualTo(4);
    JsonNode ailment = person.json().get("pools").get(0).get("ailments").get(0);
    assertThat(ailment.get("kind").asString()).isEqualTo("stray-file");
    assertThat(ailment.get("repair").isNull()).isTrue();
    assertThat(ailment.get("cure").asString()).isNotEmpty();
    assertThat(varve.run("doctor", "-H").out()).startsWith("main\tstray-file\t");
  }
}
