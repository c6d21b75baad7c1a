// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.cli.Terminal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// What a user does, command by command, and what comes back.
class CliTourIT {
  @TempDir Path folder;
  private Cli varve = new Cli(Path.of("."));

  @BeforeEach
  void twoPools() throws IOException {
    varve = new Cli(folder.resolve("home"));
    Path san = Files.createDirectories(folder.resolve("san"));
    varve.ok("pool", "create", "main", folder.resolve("main").toString());
    varve.ok("pool", "create", "san", san.toString(), "--kind", "external");
  }

  private void write(String disk, String offset, String text) {
    varve.ok(text.getBytes(StandardCharsets.US_ASCII), "disk", "write", disk, offset);
  }

  private String read(String source, String offset, int length) {
    return varve.ok("disk", "read", source, offset, Integer.toString(length)).out();
  }

  @Test
  void aStorageSnapshotIsTakenLeftAndComeBackTo() {
    varve.ok("disk", "create", "main/d", "64M");
    write("d", "1M", "first");
    assertThat(varve.ok("snapshot", "create", "d@one").out()).contains("storage snapshot");
    write("d", "1M", "other");
    assertThat(read("d", "1M", 5)).isEqualTo("other");
    assertThat(read("d@one", "1M", 5)).isEqualTo("first");
    varve.ok("snapshot", "revert", "d@one", "--keep-as", "two");
    assertThat(read("d", "1M", 5)).isEqualTo("first");
    assertThat(read("d@two", "1M", 5)).isEqualTo("other");
    assertThat(varve.ok("snapshot", "list", "d").out())
        .contains("main/d")
        .contains("@one")
        .contains("├─ @two")
        .contains("└─ ● you are here (unchanged)");
    assertThat(varve.ok("snapshot", "delete", "d@one", "--yes").out()).contains("deleted");
    assertThat(read("d", "1M", 5)).isEqualTo("first");
    assertThat(read("d@two", "1M", 5)).isEqualTo("other");
    assertThat(varve.ok("check", "d").out()).contains("clean").doesNotContain("corrupt,");
  }

  @Test
  void aComputeSnapshotIsTakenLeftAndComeBackTo() {
    varve.ok("disk", "create", "san/d", "64M");
    write("d", "1M", "first");
    assertThat(varve.ok("snapshot", "create", "d@one").out()).contains("compute snapshot");
    write("d", "1M", "other");
    assertThat(read("d@one", "1M", 5)).isEqualTo("first");
    varve.ok("snapshot", "revert", "d@one", "--yes");
    assertThat(read("d", "1M", 5)).isEqualTo("first");
    assertThat(varve.ok("snapshot", "delete", "d@one", "--yes").out())
        .contains("freed inside the file");
    assertThat(read("d", "1M", 5)).isEqualTo("first");
  }

  @Test
  void aDeleteIsForetoldAndLeavesAJobThatRunsLater() {
    varve.ok("disk", "create", "main/d", "64M");
    for (String name : List.of("one", "two", "three")) {
      write("d", "1M", name);
      varve.ok("snapshot", "create", "d@" + name);
    }
    assertThat(varve.ok("snapshot", "delete", "d@one..two", "--dry-run").out())
        .contains("deleting d@one, d@two frees")
        .contains("d@two, d@one: merged")
        .contains("stays as it is: d@three")
        .contains("nothing was changed");
    assertThat(varve.ok("snapshot", "delete", "d@one..two", "--yes", "--background").out())
        .contains("a job moves its data");
    assertThat(varve.ok("job", "list").out()).contains("merge").contains("queued");
    assertThat(varve.ok("job", "list", "--json").out()).contains("\"state\" : \"queued\"");
    assertThat(varve.ok("job", "run").out()).contains("done;");
    assertThat(varve.ok("job", "list").out()).contains("nothing is left to be done");
    assertThat(varve.ok("job", "wait").out()).contains("nothing to wait for");
    assertThat(read("d@three", "1M", 5)).isEqualTo("three");
  }

  @Test
  void revertsAndDeletesAskFirst() {
    varve.ok("disk", "create", "main/d", "64M");
    varve.ok("snapshot", "create", "d@one");
    write("d", "0", "new");
    varve.refused(2, "snapshot", "revert", "d@one");
    varve.refused(2, "snapshot", "delete", "d@one");
    varve.refused(2, "disk", "delete", "d", "--with-snapshots");
    assertThat(read("d", "0", 3)).isEqualTo("new");
    Terminal.Tty person = new Terminal.Tty(true, true, true);
    byte[] no = "n\n".getBytes(StandardCharsets.US_ASCII);
    byte[] yes = "y\n".getBytes(StandardCharsets.US_ASCII);
    assertThat(varve.run(no, person, "snapshot", "revert", "d@one").code()).isEqualTo(1);
    assertThat(read("d", "0", 3)).isEqualTo("new");
    Cli.Result reverted = varve.run(yes, person, "snapshot", "revert", "d@one");
    assertThat(reverted.code()).isZero();
    assertThat(reverted.err()).contains("What was written since").contains("Go on? [y/N]");
    assertThat(read("d", "0", 3)).isEqualTo("\0\0\0");
  }

  @Test
  void clonesStandOnTheirOwn() {
    varve.ok("disk", "create", "main/d", "64M");
    write("d", "0", "base");
    varve.ok("snapshot", "create", "d@gold");
    assertThat(varve.ok("clone", "fast", "d@gold", "desk", "--count", "12").out())
        .contains("12 disks, main/desk-001 to main/desk-012");
    write("desk-003", "0", "mine");
    varve.ok("clone", "full", "d@gold", "copy");
    varve.ok("clone", "full", "d@gold", "san/copy2");
    varve.ok("snapshot", "delete", "d@gold", "--yes");
    varve.ok("disk", "delete", "d", "--yes");
    assertThat(read("desk-003", "0", 4)).isEqualTo("mine");
    for (String disk : List.of("desk-001", "desk-012", "copy", "san/copy2")) {
      assertThat(read(disk, "0", 4)).as(disk).isEqualTo("base");
    }
  }

  @Test
  void imagesGoInAndOut() throws IOException {
    Path raw = folder.resolve("in.raw");
    byte[] content = new byte[8 << 20];
    content[4096] = 7;
    content[(6 << 20) + 1] = 9;
    Files.write(raw, content);
    varve.ok("disk", "import", "main/d", raw.toString());
    assertThat(varve.ok("disk", "show", "d", "--json").json().get("size").asLong())
        .isEqualTo(8 << 20);
    Path out = folder.resolve("out.raw");
    varve.ok("disk", "export", "d", out.toString());
    assertThat(Files.mismatch(raw, out)).isEqualTo(-1);
    varve.refused(1, "disk", "export", "d", out.toString());
    varve.refused(2, "disk", "export", "d", folder.resolve("out").toString());
    varve.ok("disk", "export", "d", out.toString(), "--replace", "--yes");
  }

  @Test
  void anImageIsTakenInPlaceAndHandedBack() throws IOException {
    varve.ok("disk", "create", "san/d", "64M");
    write("d", "0", "kept");
    varve.ok("snapshot", "create", "d@one");
    Path image = Path.of(varve.ok("disk", "show", "d", "--json").json().get("file").asString());
    assertThat(varve.ok("disk", "unregister", "d").out()).contains("handed back");
    assertThat(image).exists();
    varve.refused(1, "disk", "show", "d");
    varve.ok("disk", "register", "san/again", image.toString());
    assertThat(read("again@one", "0", 4)).isEqualTo("kept");
    varve.refused(1, "disk", "unregister", "main/none");
  }

  @Test
  void whereNamesTheLayerThatHoldsABlock() {
    varve.ok("disk", "create", "main/d", "64M");
    write("d", "0", "old");
    varve.ok("snapshot", "create", "d@one");
    write("d", "1M", "new");
    assertThat(varve.ok("where", "d", "0").out()).contains("data").contains("d@one");
    assertThat(varve.ok("where", "d", "1M").out()).contains("data").contains("main/d");
    JsonNode extents = varve.ok("where", "d", "--data", "--json").json().get("extents");
    assertThat(extents.size()).isGreaterThanOrEqualTo(2);
    assertThat(extents.get(0).get("depth").asInt()).isEqualTo(1);
    assertThat(extents.get(0).get("hostOffset").asLong()).isPositive();
  }

  @Test
  void ioIsCounted() {
    varve.ok("disk", "create", "main/d", "64M");
    String said =
        varve.ok("disk", "write", "d", "0", "--pattern", "0x5a", "--length", "128K", "--io").out();
    assertThat(said).contains("128 KiB written at 0x0").contains("host:");
    JsonNode io = varve.ok("io", "d", "--json").json();
    assertThat(io.get("guest").get("writeBytes").asLong()).isEqualTo(128 << 10);
    assertThat(io.get("host").get("writeBytes").asLong()).isGreaterThanOrEqualTo(128 << 10);
    assertThat(io.get("host").get("flushes").asLong()).isPositive();
    assertThat(varve.ok("io", "d", "--probe", "--writes", "8").out())
        .contains("first change after snapshot");
  }

  @Test
  void theFilesAloneBringEverythingBack() throws IOException {
    varve.ok("disk", "create", "main/d", "64M");
    varve.ok("snapshot", "create", "d@one");
    write("d", "0", "x");
    varve.ok("snapshot", "create", "d@two");
    varve.ok("clone", "fast", "d@one", "c");
    String before = varve.ok("snapshot", "list", "-H", "-p", "d").out();
    try (Stream<Path> files = Files.list(folder.resolve("home"))) {
      for (Path file : files.filter(f -> f.getFileName().toString().contains(".db")).toList()) {
        Files.delete(file);
      }
    }
    assertThat(varve.ok("pool", "rescan", folder.resolve("main").toString()).out())
        .contains("2 disks");
    assertThat(varve.ok("snapshot", "list", "-H", "-p", "d").out()).isEqualTo(before);
    assertThat(read("d@two", "0", 1)).isEqualTo("x");
  }

  @Test
  void everyListIsJsonToo() {
    varve.ok("disk", "create", "main/d", "64M");
    varve.ok("snapshot", "create", "d@one");
    assertThat(varve.ok("pool", "list", "--json").json().get("pools").size()).isEqualTo(2);
    assertThat(
            varve
                .ok("pool", "show", "main", "--json")
                .json()
                .get("store")
                .get("sparse")
                .asBoolean())
        .isTrue();
    assertThat(varve.ok("disk", "list", "--json").json().get("disks").get(0).get("name").asString())
        .isEqualTo("d");
    JsonNode nodes = varve.ok("snapshot", "list", "--json").json().get("trees").get(0).get("nodes");
    assertThat(nodes.get(0).get("name").asString()).isEqualTo("one");
    assertThat(nodes.get(1).get("youAreHere").asBoolean()).isTrue();
    assertThat(nodes.get(0).get("account").get("referencedBytes").isIntegralNumber()).isTrue();
    assertThat(nodes.get(1).get("account").get("sharedWith").isNull()).isTrue();
    JsonNode one = varve.ok("snapshot", "show", "d@one", "--json").json().get("account");
    assertThat(one.get("sharedWith").isArray()).isTrue();
    assertThat(one.get("freedIfDeletedBytes").isIntegralNumber()).isTrue();
    assertThat(varve.ok("snapshot", "list", "d", "--space").out()).contains("IF DELETED");
    varve.ok("snapshot", "hold", "d@one", "--by", "ann", "--reason", "audit");
    assertThat(varve.ok("snapshot", "show", "d@one").out()).contains("by ann").contains("audit");
    varve.refused(1, "snapshot", "delete", "d@one", "--yes");
    assertThat(varve.ok("snapshot", "rename", "d@one", "first").out())
        .contains("main/d@first: was @one");
    JsonNode first = varve.ok("snapshot", "show", "d@first", "--json").json();
    assertThat(first.get("hold").get("holder").asString()).isEqualTo("ann");
    varve.ok("snapshot", "release", "d@first");
    assertThat(varve.ok("snapshot", "show", "d@first", "--json").json().get("hold").isNull())
        .isTrue();
    JsonNode pool = varve.ok("pool", "show", "main", "--json").json().get("account");
    assertThat(pool.get("deadBytes").asLong()).isZero();
    assertThat(pool.get("unreadLayers").asInt()).isZero();
    assertThat(varve.ok("check", "d", "--json").json().get("verdict").asString())
        .isEqualTo("clean");
    assertThat(varve.ok("pool", "list", "-H", "-p").out().lines())
        .anyMatch(line -> line.startsWith("main\tvirtual\t1\t1\t2\t"));
  }
}
