// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

@ResourceLock(Resources.SYSTEM_PROPERTIES)
class ShimLibraryTest {
  private static final Platform HERE = Platform.require();
  private static final long EBADF = -9;
  private static final long EINVAL = -22;

  @TempDir Path folder;

  @Test
  void entersTheKernelWithAllSixArguments() throws IOException {
    Gate gate = load();
    assertThat(gate).isNotNull();
    boolean x86 = HERE == Platform.LINUX_X86_64;
    int mmap = x86 ? 9 : 222;
    int munmap = x86 ? 11 : 215;
    long length = 1 << 16;
    int readOnly = 1;
    int privateAndAnonymous = 0x22;

    assertThat(gate.call(SystemCall.GETPID.number(HERE), 0, 0, 0, 0, 0, 0))
        .isEqualTo(ProcessHandle.current().pid());
    long address = gate.call(mmap, 0, length, readOnly, privateAndAnonymous, -1, 0);
    assertThat(address).isPositive();
    assertThat(gate.call(munmap, address, length, 0, 0, 0, 0)).isZero();
    // The sixth argument must be a multiple of the page, the fifth an open file.
    assertThat(gate.call(mmap, 0, length, readOnly, privateAndAnonymous, -1, 1)).isEqualTo(EINVAL);
    assertThat(gate.call(mmap, 0, length, readOnly, 2, -1, 0)).isEqualTo(EBADF);
  }

  @Test
  void givesTheAnswersOfTheLinker() throws IOException {
    Gate shim = load();
    Gate linker = new LinkerGate();
    assertThat(shim).isNotNull();
    long[][] calls = {
      {SystemCall.CLOSE.number(HERE), -1},
      {SystemCall.FCNTL.number(HERE), 1, 1},
      {SystemCall.LSEEK.number(HERE), -1},
      {100_000, 0},
    };
    for (long[] call : calls) {
      long b = call.length > 2 ? call[2] : 0;
      assertThat(shim.call(call[0], call[1], b, 0, 0, 0, 0))
          .isEqualTo(linker.call(call[0], call[1], b, 0, 0, 0, 0));
    }
  }

  @Test
  void isOptional() throws IOException {
    assertThat(find(folder.resolve("missing.so"))).isNull();
    Platform other = HERE == Platform.LINUX_X86_64 ? Platform.LINUX_AARCH64 : Platform.LINUX_X86_64;
    Path foreign = Files.write(folder.resolve("foreign.so"), ShimLibrary.bytes(other));
    assertThat(find(foreign)).isNull();
  }

  @Test
  void replacesAnOlderFile() throws IOException {
    Path file = Files.writeString(folder.resolve("shim.so"), "older");
    ShimLibrary.main(new String[] {file.toString()});

    assertThat(file).hasBinaryContent(ShimLibrary.bytes(HERE));
    assertThat(folder.toFile().list()).containsExactly("shim.so");
  }

  @Test
  void namesTheMachineItIsFor() {
    assertThat(machine(ShimLibrary.bytes(Platform.LINUX_X86_64))).isEqualTo(62);
    assertThat(machine(ShimLibrary.bytes(Platform.LINUX_AARCH64))).isEqualTo(183);
  }

  private static int machine(byte[] elf) {
    return ByteBuffer.wrap(elf).order(ByteOrder.LITTLE_ENDIAN).getShort(18);
  }

  private Gate load() throws IOException {
    return find(Files.write(folder.resolve("shim.so"), ShimLibrary.bytes(HERE)));
  }

  private static Gate find(Path library) {
    String before = System.getProperty(ShimGate.PROPERTY);
    System.setProperty(ShimGate.PROPERTY, library.toString());
    try {
      return ShimGate.find(HERE);
    } finally {
      if (before == null) {
        System.clearProperty(ShimGate.PROPERTY);
      } else {
        System.setProperty(ShimGate.PROPERTY, before);
      }
    }
  }
}
