// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.cli.Terminal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// What changed between two states, and how it comes to another host.
class DiffApplyIT {
  @TempDir Path folder;
  private Cli here = new Cli(Path.of("."));
  private Cli there = new Cli(Path.of("."));

  @BeforeEach
  void twoHosts() {
    here = new Cli(folder.resolve("here"));
    there = new Cli(folder.resolve("there"));
    here.ok("pool", "create", "main", folder.resolve("pool-here").toString());
    there.ok("pool", "create", "far", folder.resolve("pool-there").toString());
    here.ok("disk", "create", "main/d", "64M");
    write("1M", "first");
    here.ok("snapshot", "create", "d@mon");
    write("2M", "second");
    here.ok("disk", "zero", "d", "1M", "64K");
    here.ok("snapshot", "create", "d@tue");
  }

  private void write(String offset, String text) {
    here.ok(text.getBytes(StandardCharsets.US_ASCII), "disk", "write", "d", offset);
  }

  private byte[] stream(String... arguments) {
    String[] all = new String[arguments.length + 3];
    all[0] = "snapshot";
    all[1] = "diff";
    all[2] = "--stream";
    System.arraycopy(arguments, 0, all, 3, arguments.length);
    return here.ok(all).bytes();
  }

  @Test
  void changesAreListedForPeopleAndPrograms() {
    assertThat(here.ok("snapshot", "diff", "d@mon", "d@tue").out())
        .contains("0x100000", "64 KiB", "zero", "main/d@mon to main/d@tue: 2 ranges");
    assertThat(here.ok("snapshot", "diff", "-H", "d@mon", "@tue").out())
        .isEqualTo("1048576\t65536\tzero\n2097152\t65536\tdata\n");
    JsonNode json = here.ok("snapshot", "diff", "d@mon", "d", "--json").json();
    assertThat(json.get("ranges").size()).isEqualTo(2);
    assertThat(json.get("ranges").get(0).get("kind").asString()).isEqualTo("zero");
    assertThat(json.get("dataBytes").asLong()).isEqualTo(65536);
    assertThat(here.ok("snapshot", "diff", "d@tue", "d", "--json").json().get("ranges").size())
        .isZero();
    assertThat(here.ok("snapshot", "diff", "-H", "--compare", "d@mon", "d@tue").out())
        .isEqualTo("1048576\t4096\tzero\n2097152\t4096\tdata\n");
  }

  @Test
  void aCopyElsewhereFollows() throws IOException {
    Terminal.Tty nobody = Terminal.Tty.NONE;
    there.ok(stream("--full", "d@mon"), "disk", "apply", "far/d");
    assertThat(there.ok("disk", "read", "d", "1M", "5").out()).isEqualTo("first");
    byte[] tuesday = stream("d@mon", "d@tue");
    Cli.Result applied = there.run(tuesday, nobody, "disk", "apply", "d");
    assertThat(applied.out()).contains("far/d@tue").contains("checksum of the result is right");
    assertThat(there.ok("disk", "read", "d", "2M", "6").out()).isEqualTo("second");
    assertThat(there.ok(tuesday, "disk", "apply", "d").out()).contains("here already");
    Path out = folder.resolve("far.raw");
    Path own = folder.resolve("near.raw");
    there.ok("disk", "export", "d", out.toString());
    here.ok("disk", "export", "d@tue", own.toString());
    assertThat(Files.mismatch(out, own)).isEqualTo(-1);
  }

  @Test
  void whatCannotBeIsRefusedWithACure() throws IOException {
    there.refused(1, "disk", "apply", "far/d");
    Path cut = folder.resolve("cut.vdiff");
    byte[] whole = stream("--full", "d@mon");
    Files.write(cut, Arrays.copyOf(whole, whole.length - 7));
    assertThat(there.refused(1, "disk", "apply", "far/d", cut.toString()).err())
        .contains("ends early");
    assertThat(there.ok("disk", "list", "--json").json().get("disks").size()).isZero();
    here.refused(2, "snapshot", "diff", "d@mon");
    here.refused(2, "snapshot", "diff", "--full", "d@mon", "d", "--stream");
    here.refused(2, "snapshot", "diff", "d@mon", "d", "--no-checksum");
    here.refused(1, "snapshot", "diff", "d@mon", "d@none");
  }
}
