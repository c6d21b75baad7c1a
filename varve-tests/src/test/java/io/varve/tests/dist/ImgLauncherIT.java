// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `qemu-img` and `qemu-io` as they are packaged: found, started and ended as scripts do it.
class ImgLauncherIT {
  @TempDir Path folder;
  private Path home = Path.of("");

  private record Ran(int code, String out, String err) {
    Ran silent() {
      assertThat(err).isEmpty();
      assertThat(code).isZero();
      return this;
    }
  }

  @BeforeEach
  void packaged() {
    home = Path.of(System.getProperty("varve.home", "")).toAbsolutePath().normalize();
    assumeTrue(Files.exists(home.resolve("bin/qemu-img")), "nothing is packaged in " + home);
  }

  /// Runs a script of bash with the programs first in its PATH, in the test's folder.
  private Ran bash(String script) throws IOException, InterruptedException {
    return bash(home, script);
  }

  private Ran bash(Path program, String script) throws IOException, InterruptedException {
    Path out = folder.resolve("stdout");
    Path err = folder.resolve("stderr");
    ProcessBuilder builder =
        new ProcessBuilder("bash", "-c", script)
            .directory(folder.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    String path = builder.environment().getOrDefault("PATH", "/usr/bin:/bin");
    builder.environment().put("PATH", program.resolve("bin") + ":" + path);
    Process process = builder.start();
    process.getOutputStream().close();
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    return new Ran(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  /// A copy of the program that a test may damage.
  private Path copy() throws Exception {
    Path copy = folder.resolve("a copy of it");
    bash("cp -a '%s' '%s'".formatted(home, copy)).silent();
    return copy;
  }

  private static final String ANSWERS = "create -q -f qcow2 new.qcow2 1G";

  @Test
  void startsUnderTheLimitsForUntrustedImages() throws Exception {
    bash("""
    set -e
    limits='prlimit --as=1073741824 --cpu=30'
    $limits qemu-img create -q -f qcow2 a.qcow2 1G
    $limits qemu-io -f qcow2 -c 'write -q 0 64k' a.qcow2
    $limits qemu-img compare -q a.qcow2 a.qcow2
    """)
        .silent();
  }

  @Test
  void isFoundFromAnywhere() throws Exception {
    bash("""
    set -e
    ln -s "$(command -v qemu-img)" link
    ln -s link further
    mkdir -p deep/er
    ln -s ../../further deep/er/qemu-img
    ./further %1$s
    deep/er/qemu-img %1$s
    (cd deep/er && ./qemu-img %1$s && PATH=$PWD:$PATH qemu-img %1$s)
    sh "$(command -v qemu-img)" %1$s
    cd "$(dirname "$(command -v qemu-img)")"
    ./qemu-img --version
    sh qemu-img --version
    cd ..
    bin/qemu-img --version
    """
            .formatted(ANSWERS))
        .silent();
  }

  @Test
  void makesItsCacheWhereItIsMissing() throws Exception {
    Path copy = copy();
    bash(copy, "rm -rf '%s/start'".formatted(copy)).silent();
    bash(copy, "qemu-img " + ANSWERS).silent();

    assertThat(copy.resolve("start/img.aot")).isNotEmptyFile();
    assertThat(copy.resolve("start/shim.so")).isNotEmptyFile();
    bash(copy, "qemu-img " + ANSWERS).silent();
  }

  @Test
  void saysNothingAboutACacheThatDoesNotFit() throws Exception {
    Path copy = copy();
    Files.write(copy.resolve("start/img.aot"), new byte[10_000]);
    bash(copy, "qemu-img " + ANSWERS).silent();
    Files.delete(copy.resolve("start/img.aot"));
    Files.delete(copy.resolve("start/shim.so"));
    bash(copy, "qemu-img " + ANSWERS).silent();
    // A file where the folder should be: nothing can be written down.
    bash(copy, "rm -rf '%1$s/start' && touch '%1$s/start'".formatted(copy)).silent();
    bash(copy, "qemu-img " + ANSWERS).silent();
  }

  @Test
  void makesItsCacheAnewForAnotherJvmOrBuild() throws Exception {
    Path copy = copy();
    Path env = copy.resolve("start/env");
    String notes = Files.readString(env);

    Files.writeString(env, notes.replaceAll("(?m)^vm=.*$", "vm=24.0.1"));
    bash(copy, "qemu-img " + ANSWERS).silent();
    assertThat(env).doesNotExist();
    bash(copy, "qemu-img " + ANSWERS).silent();
    assertThat(env).hasContent(notes);

    Files.writeString(copy.resolve("lib/build"), "another\n");
    bash(copy, "qemu-img " + ANSWERS).silent();
    assertThat(env).content().contains("made_for=another");
  }

  @Test
  void keepsTheJvmsWordsToItself() throws Exception {
    bash("export JAVA_TOOL_OPTIONS=-Da=b JDK_JAVA_OPTIONS=-Dc=d; qemu-img " + ANSWERS).silent();
  }

  @Test
  void readsFileNamesWhateverTheLocale() throws Exception {
    bash("export LC_ALL=C; qemu-img create -q -f qcow2 'Grüße ☃.qcow2' 1M && test -e Gr*").silent();
  }

  @Test
  void saysUnderWhichNameItRuns() throws Exception {
    assertThat(bash("qemu-img snapshot -l missing").err()).startsWith("qemu-img: ");
    assertThat(bash("varve img snapshot -l missing").err()).startsWith("varve img: ");
  }

  @Test
  void endsSilentlyWhenItsReaderLeaves() throws Exception {
    bash("qemu-img --help | head -n 1").silent();
  }

  @Test
  void takesAScriptOnStandardInput() throws Exception {
    Ran ran =
        bash(
            """
            qemu-img create -q -f qcow2 a.qcow2 1M
            printf 'write -P 7 0 64k\\nread -P 7 0 64k\\nquit\\n' | qemu-io -f qcow2 a.qcow2
            """);
    assertThat(ran.code()).isZero();
    assertThat(ran.out())
        .contains("wrote 65536/65536 bytes at offset 0")
        .contains("read 65536/65536 bytes at offset 0")
        .doesNotContain("Pattern verification failed");
  }

  @Test
  @Timeout(60)
  void isEndedByASignalAsAnyProgram() throws Exception {
    bash("qemu-img create -q -f qcow2 a.qcow2 1M").silent();
    Process shell =
        new ProcessBuilder(home.resolve("bin/qemu-io").toString(), "a.qcow2")
            .directory(folder.toFile())
            .start();
    try {
      byte[] prompt = "qemu-io> ".getBytes(StandardCharsets.UTF_8);
      try (InputStream out = shell.getInputStream()) {
        assertThat(out.readNBytes(prompt.length)).isEqualTo(prompt);
        bash("kill -TERM " + shell.pid()).silent();
        // 128 and the number of the signal: what Java and shells say of a process that it ended.
        assertThat(shell.waitFor()).isEqualTo(143);
      }
    } finally {
      shell.destroyForcibly();
    }
  }
}
