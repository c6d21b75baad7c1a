// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileLocksTest {
  @TempDir Path folder;
  private Path file;
  private Fd first;
  private Fd second;

  @BeforeEach
  void openTwice() throws IOException {
    file = Files.createFile(folder.resolve("f"));
    first = Fd.open(file, 0, OpenFlag.WRITE);
    second = Fd.open(file, 0);
  }

  @AfterEach
  void close() throws IOException {
    first.close();
    second.close();
  }

  @Test
  void seesTheLockOfAnotherOpenInTheSameProcess() throws IOException {
    assertThat(new FileLocks(first).tryShared(100, 1)).isTrue();

    assertThat(new FileLocks(second).heldElsewhere(100, 1)).isTrue();
    assertThat(new FileLocks(second).heldElsewhere(101, 1)).isFalse();
    assertThat(new FileLocks(second).heldElsewhere(50, 100)).isTrue();
    assertThat(new FileLocks(first).heldElsewhere(100, 1)).isFalse();
  }

  @Test
  void sharesALock() throws IOException {
    assertThat(new FileLocks(first).tryShared(100, 1)).isTrue();
    assertThat(new FileLocks(second).tryShared(100, 1)).isTrue();

    new FileLocks(first).unlock(0, 1000);
    assertThat(new FileLocks(first).heldElsewhere(100, 1)).isTrue();
    assertThat(new FileLocks(second).heldElsewhere(100, 1)).isFalse();
  }

  @Test
  void isRefusedWhereAnExclusiveLockLies() throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      assertThat(channel.lock(100, 1, false).isValid()).isTrue();
      assertThat(new FileLocks(first).tryShared(100, 1)).isFalse();
    }
    assertThat(new FileLocks(first).tryShared(100, 1)).isTrue();
  }

  @Test
  void takesAnExclusiveLockAlone() throws IOException {
    assertThat(new FileLocks(second).tryShared(100, 1)).isTrue();
    assertThat(new FileLocks(first).tryExclusive(100, 1)).isFalse();
    assertThat(new FileLocks(first).tryExclusive(101, 1)).isTrue();
    assertThat(new FileLocks(second).tryShared(101, 1)).isFalse();
    assertThat(new FileLocks(second).heldElsewhere(101, 1)).isTrue();

    new FileLocks(second).unlock(100, 1);
    assertThat(new FileLocks(first).tryExclusive(100, 1)).isTrue();
  }

  @Test
  void keepsItsLockWhenAnotherOpenOfTheFileIsClosed() throws IOException {
    assertThat(new FileLocks(first).tryShared(100, 1)).isTrue();
    Fd.open(file, 0).close();
    FileChannel.open(file).close();
    assertThat(new FileLocks(second).heldElsewhere(100, 1)).isTrue();

    first.close();
    assertThat(new FileLocks(second).heldElsewhere(100, 1)).isFalse();
  }

  @Test
  void goWithTheCloseThoughAProcessIsBeingStarted() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    Thread starting =
        Thread.ofPlatform()
            .start(() -> {
              while (!stop.get()) {
                try {
                  new ProcessBuilder("true").start().waitFor();
                } catch (IOException | InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              }
            });
    try {
      for (int i = 0; i < 2000; i++) {
        try (Fd fd = Fd.open(file, 0, OpenFlag.WRITE)) {
          assertThat(new FileLocks(fd).tryExclusive(100, 1)).as("open number %d", i).isTrue();
        }
      }
    } finally {
      stop.set(true);
      starting.join();
    }
  }
}
