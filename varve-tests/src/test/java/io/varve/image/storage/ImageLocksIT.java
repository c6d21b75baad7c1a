// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.ImageInUseException;
import io.varve.testkit.QemuHolder;
import io.varve.testkit.QemuTools;
import io.varve.testkit.ToolRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Varve and running QEMU processes keep each other out of an image, in both directions.
@Tag("interop")
class ImageLocksIT {
  private static final long SIZE = 1 << 20;

  @TempDir Path folder;
  private final QemuTools qemu = QemuTools.require();
  private Path base;
  private Path overlay;

  @BeforeEach
  void createImages() throws IOException {
    base = folder.resolve("base.qcow2");
    overlay = folder.resolve("overlay.qcow2");
    qemu.create(base, SIZE, "compat=1.1");
    qemu.createOverlay(overlay, SIZE, "compat=1.1", "base.qcow2", "qcow2");
  }

  @Test
  void aQemuThatWritesKeepsUsOut() throws IOException {
    try (QemuHolder holder = QemuHolder.io(base)) {
      assertInUse(base, LockMode.WRITER, "qemu-io (process " + holder.pid() + ")");
      assertInUse(base, LockMode.SHARED_READER, "qemu-io (process " + holder.pid() + ")");
      assertMayOpen(base, LockMode.FORCE_SHARE);
    }
    assertMayOpen(base, LockMode.WRITER);
  }

  @Test
  void aQemuNbdThatWritesKeepsUsOut() throws IOException {
    try (QemuHolder _ = QemuHolder.nbd(base, folder)) {
      assertInUse(base, LockMode.WRITER, "qemu-nbd");
      assertInUse(base, LockMode.SHARED_READER, "qemu-nbd");
    }
    assertMayOpen(base, LockMode.WRITER);
  }

  @Test
  void aQemuThatReadsLetsReadersIn() throws IOException {
    try (QemuHolder _ = QemuHolder.io(base, "-r")) {
      assertInUse(base, LockMode.WRITER, "qemu-io");
      assertMayOpen(base, LockMode.SHARED_READER);
      assertMayOpen(base, LockMode.FORCE_SHARE);
    }
  }

  @Test
  void aQemuThatSharesByForceLetsAllIn() throws IOException {
    try (QemuHolder _ = QemuHolder.io(base, "-r", "-U")) {
      assertMayOpen(base, LockMode.SHARED_READER);
      assertMayOpen(base, LockMode.WRITER);
    }
  }

  @Test
  void aQemuOnAnOverlayKeepsWritersOutOfTheBase() throws IOException {
    try (QemuHolder _ = QemuHolder.io(overlay)) {
      assertInUse(base, LockMode.WRITER, "qemu-io");
      assertMayOpen(base, LockMode.SHARED_READER);
      assertInUse(overlay, LockMode.SHARED_READER, "qemu-io");
    }
  }

  @Test
  void ourWriterKeepsQemuOut() throws IOException {
    try (FileStorage _ = open(base, LockMode.WRITER)) {
      assertRefused(qemuIo(base, List.of(), "write 0 64k"));
      assertRefused(qemuIo(base, List.of("-r"), "read 0 64k"));
      assertRefused(qemu.img("info", "-f", "qcow2", base.toString()));
      assertRefused(qemu.img("check", "-f", "qcow2", base.toString()));
      assertRefused(qemu.img("snapshot", "-c", "s", base.toString()));
      assertRefused(qemu.img("resize", "-f", "qcow2", base.toString(), "2M"));
      assertRefused(qemuIo(overlay, List.of(), "read 0 64k"));
      qemu.img("info", "-U", "-f", "qcow2", base.toString()).ok();
      qemuIo(base, List.of("-r", "-U"), "read 0 64k").ok();
    }
    qemuIo(base, List.of(), "write 0 64k").ok();
  }

  @Test
  void ourReaderKeepsWritingQemusOut() throws IOException {
    try (FileStorage _ = open(base, LockMode.SHARED_READER)) {
      assertRefused(qemuIo(base, List.of(), "write 0 64k"));
      assertRefused(qemu.img("snapshot", "-c", "s", base.toString()));
      assertRefused(qemu.img("commit", "-f", "qcow2", overlay.toString()));
      qemuIo(base, List.of("-r"), "read 0 64k").ok();
      qemuIo(overlay, List.of(), "write 0 64k").ok();
      qemu.img("info", "-f", "qcow2", base.toString()).ok();
    }
  }

  @Test
  void ourReaderByForceLetsQemuWrite() throws IOException {
    try (FileStorage _ = open(base, LockMode.FORCE_SHARE)) {
      qemuIo(base, List.of(), "write 0 64k").ok();
    }
  }

  @Test
  void whatWeRefusedLeavesNoLockBehind() throws IOException {
    try (QemuHolder _ = QemuHolder.io(base, "-r")) {
      assertInUse(base, LockMode.WRITER, "qemu-io");
      qemuIo(base, List.of("-r"), "read 0 64k").ok();
    }
    qemuIo(base, List.of(), "write 0 64k").ok();
  }

  private ToolRun qemuIo(Path image, List<String> arguments, String command) throws IOException {
    return qemu.ioRun(image, arguments, List.of(command));
  }

  private static FileStorage open(Path image, LockMode lock) throws IOException {
    return FileStorage.open(
        image, lock == LockMode.WRITER ? FileAccess.READ_WRITE : FileAccess.READ_ONLY, lock);
  }

  private static void assertMayOpen(Path image, LockMode lock) throws IOException {
    open(image, lock).close();
  }

  private static void assertInUse(Path image, LockMode lock, String holder) {
    assertThatThrownBy(() -> open(image, lock))
        .isInstanceOf(ImageInUseException.class)
        .hasMessageStartingWith(image + ": image is in use: ")
        .hasMessageContaining(holder);
  }

  private static void assertRefused(ToolRun run) {
    assertThat(run.exit()).as(run.toString()).isNotZero();
    assertThat(run.out() + run.err())
        .containsPattern("Failed to get (shared )?\"(write|consistent read)\" lock");
  }
}
