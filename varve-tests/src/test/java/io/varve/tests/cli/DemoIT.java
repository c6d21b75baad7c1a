// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The demo is the main job on real input; its verdicts are e2fsck's and QEMU's.
class DemoIT {
  @TempDir Path folder;

  @Test
  void everyVerdictIsGood() {
    boolean e2fsprogs =
        Files.isExecutable(Path.of("/usr/sbin/mke2fs"))
            || Files.isExecutable(Path.of("/sbin/mke2fs"));
    assumeTrue(e2fsprogs || "true".equals(System.getenv("CI")), "e2fsprogs is not installed");
    Cli.Result result =
        new Cli(folder.resolve("home")).run("demo", "--dir", folder.resolve("demo").toString());
    assertThat(result.code()).as(result.out() + result.err()).isZero();
    assertThat(result.out())
        .contains("0 bad")
        .contains("you are here")
        .contains("first change after snapshot")
        .doesNotContain("✗");
    assertThat(result.out().lines().filter(line -> !line.contains(folder.toString())))
        .as("fits a hundred columns")
        .allMatch(line -> line.length() <= 100);
  }

  @Test
  void doesNotWorkInAFolderOfSomeoneElse() throws Exception {
    Files.writeString(folder.resolve("mine"), "mine");
    assertThat(new Cli(folder.resolve("home")).refused(2, "demo", "--dir", folder.toString()).err())
        .contains("is not empty");
    assertThat(folder.resolve("mine")).hasContent("mine");
  }
}
