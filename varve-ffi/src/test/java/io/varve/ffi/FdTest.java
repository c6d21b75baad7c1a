// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FdTest {
  @TempDir Path folder;

  @Test
  void writesWhatJavaReads() throws IOException {
    byte[] data = pattern((2 << 20) + 77);
    Path file = folder.resolve("Grüße ☃");
    try (Fd fd = create(file)) {
      fd.pwrite(5, ByteBuffer.wrap(data));
      fd.fdatasync();
      fd.fsync();
    }

    byte[] all = Files.readAllBytes(file);
    assertThat(Arrays.copyOfRange(all, 5, all.length)).isEqualTo(data);
    assertThat(Arrays.copyOf(all, 5)).containsOnly(0);
  }

  @Test
  void readsToTheEndOfTheFileAndSaysHowMuch() throws IOException {
    byte[] data = pattern(100_000);
    Path file = Files.write(folder.resolve("f"), data);
    try (Fd fd = Fd.open(file, 0)) {
      ByteBuffer heap = ByteBuffer.allocate(200_000);
      assertThat(fd.pread(1000, heap)).isEqualTo(99_000);
      assertThat(heap.position()).isEqualTo(99_000);
      assertThat(Arrays.copyOf(heap.array(), 99_000))
          .isEqualTo(Arrays.copyOfRange(data, 1000, 100_000));
      ByteBuffer direct = ByteBuffer.allocateDirect(200_000).position(7);
      assertThat(fd.pread(0, direct)).isEqualTo(100_000);
      assertThat(direct.flip().position(7)).isEqualTo(ByteBuffer.wrap(data));
      assertThat(fd.pread(100_000, ByteBuffer.allocate(10))).isZero();
    }
  }

  @Test
  void givesSmallBuffersTheirOwnBytesAfterLargeOnes() throws IOException {
    try (Fd fd = create(folder.resolve("f"))) {
      fd.pwrite(0, ByteBuffer.wrap(pattern(1 << 20)));
      fd.pwrite(100, ByteBuffer.wrap(new byte[] {1, 2, 3}));
      ByteBuffer five = ByteBuffer.allocate(5);
      fd.pread(99, five);

      byte[] expected = pattern(104);
      assertThat(five.array()).containsExactly(expected[99], 1, 2, 3, expected[103]);
    }
  }

  @Test
  void namesTheErrorOfAFailedOpen() throws IOException {
    Path file = Files.createFile(folder.resolve("f"));
    assertErrno(Errno.ENOENT, "open", () -> Fd.open(folder.resolve("missing"), 0));
    assertErrno(Errno.ENOTDIR, "open", () -> Fd.open(file, 0, OpenFlag.DIRECTORY));
    assertErrno(Errno.EISDIR, "open", () -> Fd.open(folder, 0, OpenFlag.WRITE));
    assertErrno(
        Errno.EEXIST,
        "open",
        () -> Fd.open(file, 0600, OpenFlag.WRITE, OpenFlag.CREATE, OpenFlag.EXCLUSIVE));
    Path link = Files.createSymbolicLink(folder.resolve("l"), file);
    assertErrno(Errno.ELOOP, "open", () -> Fd.open(link, 0, OpenFlag.NO_FOLLOW));
    assertThatThrownBy(() -> Fd.open(folder.resolve("missing"), 0))
        .hasMessage("open: no such file or folder (ENOENT)");
  }

  @Test
  void refusesToWriteWhatIsOpenForReading() throws IOException {
    Path file = Files.createFile(folder.resolve("f"));
    try (Fd fd = Fd.open(file, 0)) {
      assertErrno(Errno.EBADF, "pwrite", () -> fd.pwrite(0, ByteBuffer.allocate(1)));
      assertErrno(Errno.EINVAL, "ftruncate", () -> fd.ftruncate(5));
    }
  }

  @Test
  void tellsSizeTypeAndIdentity() throws IOException {
    Path file = folder.resolve("f");
    try (Fd fd = create(file)) {
      fd.ftruncate(1L << 33);
      FileStat stat = fd.stat();
      assertThat(stat.size()).isEqualTo(1L << 33);
      assertThat(stat.blocks()).isLessThan(100);
      assertThat(stat.isRegularFile()).isTrue();
      assertThat(stat.mode() & 0777).isEqualTo(0600);
      assertThat(stat.inode()).isEqualTo(Files.getAttribute(file, "unix:ino"));
      assertThat(stat).isEqualTo(FileStat.of(file));
      assertThat(stat.device()).isEqualTo(FileStat.of(folder).device());
    }
    assertThat(FileStat.of(folder).typeName()).isEqualTo("folder");
    assertThat(FileStat.of(Path.of("/dev/null")).typeName()).isEqualTo("character device");
    FileStat zero = FileStat.of(Path.of("/dev/zero"));
    assertThat(zero.ownMajor()).isEqualTo(1);
    assertThat(zero.ownMinor()).isEqualTo(5);
  }

  @Test
  void findsDataAndHoles() throws IOException {
    try (Fd fd = create(folder.resolve("f"))) {
      fd.ftruncate(8 << 20);
      fd.pwrite(4 << 20, ByteBuffer.wrap(pattern(65_536)));
      fd.fdatasync();

      assertThat(fd.seekData(0)).isEqualTo(4 << 20);
      assertThat(fd.seekHole(4 << 20)).isEqualTo((4 << 20) + 65_536);
      assertThat(fd.seekData(5 << 20)).isEqualTo(-1);
      assertThat(fd.seekHole(9 << 20)).isEqualTo(-1);
    }
  }

  @Test
  void punchesAndReserves() throws IOException {
    try (Fd fd = create(folder.resolve("f"))) {
      fd.pwrite(0, ByteBuffer.wrap(pattern(1 << 20)));
      fd.fdatasync();
      long before = fd.stat().blocks();
      fd.fallocate(AllocateMode.PUNCH_HOLE, 65_536, 524_288);
      assertThat(fd.stat().blocks()).isBetween(before - 1100, before - 900);
      fd.fallocate(AllocateMode.RESERVE_KEEP_SIZE, 65_536, 524_288);
      assertThat(fd.stat().blocks()).isBetween(before - 100, before + 100);
      assertThat(fd.stat().size()).isEqualTo(1 << 20);
      fd.fallocate(AllocateMode.RESERVE, 1 << 20, 4096);
      assertThat(fd.stat().size()).isEqualTo((1 << 20) + 4096);
    }
  }

  @Test
  void copiesInsideTheKernel() throws IOException {
    byte[] data = pattern(300_000);
    try (Fd from = Fd.open(Files.write(folder.resolve("a"), data), 0);
        Fd to = create(folder.resolve("b"))) {
      assertThat(to.copyRangeFrom(from, 100, 5000, 200_000)).isEqualTo(200_000);
      assertThat(to.copyRangeFrom(from, 300_000, 0, 10)).isZero();
      ByteBuffer back = ByteBuffer.allocate(200_000);
      to.pread(5000, back);
      assertThat(back.array()).isEqualTo(Arrays.copyOfRange(data, 100, 200_100));
    }
  }

  @Test
  void tellsTheFileSystemAndTakesAdvice() throws IOException {
    try (Fd fd = create(folder.resolve("f"))) {
      FileSystemStat system = fd.fileSystem();
      assertThat(system.totalBytes()).isEqualTo(folder.toFile().getTotalSpace());
      assertThat(system.freeBytes()).isBetween(1L, system.totalBytes());
      assertThat(system.blockSize()).isPositive();
      fd.advise(Advice.RANDOM, 0, 0);
      assertErrno(Errno.EINVAL, "posix_fadvise", () -> fd.advise(Advice.RANDOM, 0, -1));
      assertErrno(Errno.ENOTTY, "ioctl", fd::blockDeviceSize);
    }
  }

  @Test
  void throwsAfterClose() throws IOException {
    Fd fd = create(folder.resolve("f"));
    fd.close();
    fd.close();

    assertThatThrownBy(() -> fd.pread(0, ByteBuffer.allocate(1)))
        .isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(fd::stat).isInstanceOf(ClosedChannelException.class);
    assertThatThrownBy(fd::requireOpen).isInstanceOf(ClosedChannelException.class);
  }

  private static Fd create(Path file) throws IOException {
    return Fd.open(file, 0600, OpenFlag.WRITE, OpenFlag.CREATE, OpenFlag.EXCLUSIVE);
  }

  static byte[] pattern(int length) {
    byte[] data = new byte[length];
    for (int i = 0; i < length; i++) {
      data[i] = (byte) (i * 31 + (i >>> 9) + 1);
    }
    return data;
  }

  private static void assertErrno(Errno errno, String call, ThrowingCallable work) {
    assertThatThrownBy(work)
        .asInstanceOf(type(SystemCallException.class))
        .satisfies(e -> {
          assertThat(e.errno()).isEqualTo(errno);
          assertThat(e.call()).isEqualTo(call);
        });
  }
}
