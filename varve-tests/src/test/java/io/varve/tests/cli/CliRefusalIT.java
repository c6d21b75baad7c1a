// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.testkit.QemuTools;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What is refused says why and what to do, and leaves everything as it was.
class CliRefusalIT {
  @TempDir Path folder;
  private Cli varve = new Cli(Path.of("."));

  @BeforeEach
  void twoPools() throws IOException {
    varve = new Cli(folder.resolve("home"));
    Path san = Files.createDirectories(folder.resolve("san"));
    varve.ok("pool", "create", "main", folder.resolve("main").toString());
    varve.ok("pool", "create", "san", san.toString(), "--kind", "external");
    varve.ok("disk", "create", "main/d", "64M");
    varve.ok("disk", "create", "san/e", "64M");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"..", ".hidden", "main/..", "main/a/b", "/etc/passwd", "a b", "", "main/", "-"})
  void namesThatAreNoNames(String name) {
    varve.refused(2, "disk", "create", "--", name, "1G");
    assertThat(folder.resolve("main").resolve("layers")).isDirectoryContaining("glob:**.qcow2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"d@../../x", "d@a/b", "d@", "d@.x"})
  void snapshotNamesThatAreNoNames(String name) {
    varve.refused(2, "snapshot", "create", name);
  }

  @Test
  void whatIsNotThere() {
    varve.refused(1, "disk", "show", "nobody");
    varve.refused(1, "snapshot", "revert", "d@never", "--yes");
    varve.refused(1, "disk", "list", "nowhere");
    varve.refused(1, "disk", "import", "main/x", folder.resolve("missing.raw").toString());
    varve.refused(1, "disk", "export", "d", folder.resolve("no/such/folder/x.raw").toString());
    varve.refused(1, "pool", "rescan", folder.resolve("nothing").toString());
    varve.refused(
        1, "pool", "create", "p", folder.resolve("nothing").toString(), "--kind", "external");
  }

  @Test
  void whatIsThereAlready() {
    varve.refused(1, "pool", "create", "main", folder.resolve("other").toString());
    varve.refused(1, "disk", "create", "main/d", "1G");
    varve.ok("snapshot", "create", "d@one");
    varve.refused(1, "snapshot", "create", "d@one");
  }

  @Test
  void aFolderThatCannotBeWritten() {
    varve.refused(1, "pool", "create", "p", "/proc/varve");
    varve.refused(1, "--home", "/proc/varve", "pool", "list");
  }

  @Test
  void sizesThatCannotBe() {
    varve.refused(2, "disk", "create", "main/x", "0");
    varve.refused(2, "disk", "create", "main/x", "1G", "--cluster-size", "3K");
    varve.refused(1, "disk", "resize", "d", "1M");
    assertThat(varve.ok("disk", "show", "d", "-p").out()).contains("67108864");
  }

  @Test
  void rangesBehindTheEnd() {
    assertThat(varve.run("disk", "read", "d", "64M", "1").code()).isNotZero();
    assertThat(varve.run("disk", "write", "d", "64M", "--pattern", "1", "--length", "1").code())
        .isNotZero();
    assertThat(varve.run("where", "d", "64M").code()).isNotZero();
  }

  @Test
  void aSnapshotIsNeverWritten() {
    varve.ok("snapshot", "create", "d@one");
    varve.refused(2, "disk", "write", "d@one", "0", "--pattern", "1", "--length", "1");
    varve.refused(2, "disk", "resize", "d@one", "1G");
  }

  @Test
  void externalStorageHasNoFastClones() {
    assertThat(varve.refused(1, "clone", "fast", "san/e", "c").err()).contains("external");
    varve.refused(1, "snapshot", "create", "san/e@x", "--kind", "storage");
    varve.refused(1, "snapshot", "create", "main/d@x", "--kind", "compute");
  }

  @Test
  void twoHostsHaveNoQuorumUntilAWitnessJoins() {
    varve.ok("pool", "add-host", "main", "one");
    varve.ok("snapshot", "create", "d@before");
    varve.ok("pool", "add-host", "main", "two");
    assertThat(varve.refused(1, "snapshot", "create", "d@x").err())
        .contains("two")
        .containsIgnoringCase("witness");
    varve.refused(1, "clone", "fast", "d@before", "c");
    varve.ok("pool", "add-witness", "main", "w");
    varve.ok("snapshot", "create", "d@x");
    varve.ok("pool", "set-profile", "main", "strict");
    varve.refused(1, "snapshot", "create", "d@y");
    varve.ok("pool", "add-host", "main", "three");
    varve.ok("snapshot", "create", "d@y");
  }

  @Test
  void aDiskWithSnapshotsIsNotDeletedByTheWay() {
    varve.ok("snapshot", "create", "d@one");
    varve.refused(1, "disk", "delete", "d", "--yes");
    varve.ok("disk", "delete", "d", "--yes", "--with-snapshots");
    varve.refused(1, "disk", "show", "d");
  }

  @Test
  void anImageThatIsNotWhatItIsDeclaredToBe() throws IOException {
    Path file = folder.resolve("text.qcow2");
    Files.writeString(file, "not an image at all".repeat(1000), StandardCharsets.US_ASCII);
    assertThat(varve.refused(1, "disk", "import", "main/x", file.toString()).err())
        .contains("text.qcow2");
    Path unnamed = folder.resolve("unnamed");
    Files.write(unnamed, new byte[1 << 20]);
    assertThat(varve.refused(2, "disk", "import", "main/x", unnamed.toString()).err())
        .contains("--format");
    varve.refused(1, "disk", "show", "main/x");
  }

  @Test
  void anImageWithABackingFileIsNotTakenIn() throws Exception {
    QemuTools.require();
    Path secret = Files.write(folder.resolve("secret.raw"), new byte[1 << 20]);
    Path image = folder.resolve("image.qcow2");
    new ProcessBuilder(
            "qemu-img",
            "create",
            "-q",
            "-f",
            "qcow2",
            "-b",
            secret.toString(),
            "-F",
            "raw",
            image.toString())
        .inheritIO()
        .start()
        .waitFor();
    assertThat(varve.refused(1, "disk", "import", "main/x", image.toString()).err())
        .contains("backing");
  }

  @Test
  void errorsAreJsonWithAStableCode() {
    Cli.Result result = varve.run("disk", "show", "nobody", "--json");
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    JsonNode error = JsonMapper.shared().readTree(result.err());
    assertThat(error.get("code").asString()).isEqualTo("disk-not-found");
    assertThat(error.get("message").asString()).contains("nobody");
    assertThat(error.get("cure").asString()).isNotEmpty();
  }
}
