// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/// Writes the shared library behind [ShimGate]: one function that moves its arguments from where
/// JNI puts them to where the kernel wants them, and enters it. So no compiler for C is needed, and
/// no binary lies in the sources.
///
/// The file is an ELF library as small as the loader of glibc and the JVM take it:
///
/// | file offset | what | mapped |
/// |---|---|---|
/// | 0 | ELF header, four program headers | read, execute |
/// | 0x200 | hash table, symbol table, strings | read, execute |
/// | 0x400 | the instructions | read, execute |
/// | 0x1000 | the dynamic section, at the address [#DYNAMIC_ADDRESS] | read, write |
///
/// The dynamic section is writable because older loaders write into it. The two segments lie 64 KiB
/// apart, the largest page of aarch64.
final class ShimLibrary {
  private static final String SYMBOL = "Java_io_varve_ffi_ShimGate_syscall";

  private static final int HASH = 0x200;
  private static final int SYMBOLS = 0x240;
  private static final int STRINGS = 0x280;
  private static final int CODE = 0x400;
  private static final int DYNAMIC = 0x1000;
  private static final int DYNAMIC_ADDRESS = 0x11000;
  private static final int PAGE = 0x10000;

  private static final int PT_LOAD = 1;
  private static final int PT_DYNAMIC = 2;
  private static final int PT_GNU_STACK = 0x6474e551;
  private static final int R = 4;
  private static final int W = 2;
  private static final int X = 1;

  /// JNI hands over: the environment, the class, and then the number of the call and its six
  /// arguments, in registers as far as they go and then on the stack.
  private static final int[] X86_64 = {
    0x48, 0x89, 0xd0, // mov rax, rdx          the number
    0x48, 0x89, 0xcf, // mov rdi, rcx          a
    0x4c, 0x89, 0xc6, // mov rsi, r8           b
    0x4c, 0x89, 0xca, // mov rdx, r9           c
    0x4c, 0x8b, 0x54, 0x24, 0x08, // mov r10, [rsp+8]   d
    0x4c, 0x8b, 0x44, 0x24, 0x10, // mov r8, [rsp+16]   e
    0x4c, 0x8b, 0x4c, 0x24, 0x18, // mov r9, [rsp+24]   f
    0x0f, 0x05, // syscall
    0xc3, // ret
  };

  private static final int[] AARCH64 = {
    0xaa0203e8, // mov x8, x2      the number
    0xaa0303e0, // mov x0, x3      a
    0xaa0403e1, // mov x1, x4      b
    0xaa0503e2, // mov x2, x5      c
    0xaa0603e3, // mov x3, x6      d
    0xaa0703e4, // mov x4, x7      e
    0xf94003e5, // ldr x5, [sp]    f
    0xd4000001, // svc #0
    0xd65f03c0, // ret
  };

  private ShimLibrary() {}

  /// Writes the library for the running system to the file named by the one argument. Whoever has
  /// the old one open keeps it.
  public static void main(String[] args) throws IOException {
    Path target = Path.of(args[0]).toAbsolutePath();
    Path whole = target.resolveSibling(target.getFileName() + ".new");
    Files.write(whole, bytes(Platform.require()));
    Files.move(whole, target, StandardCopyOption.ATOMIC_MOVE);
  }

  static byte[] bytes(Platform platform) {
    ByteBuffer code = code(platform);
    ByteBuffer elf =
        ByteBuffer.allocate(DYNAMIC + DynamicTag.values().length * 16)
            .order(ByteOrder.LITTLE_ENDIAN);
    header(elf, platform);
    segment(elf, PT_LOAD, R | X, 0, 0, CODE + code.remaining(), PAGE);
    int dynamicSize = DynamicTag.values().length * 16;
    segment(elf, PT_LOAD, R | W, DYNAMIC, DYNAMIC_ADDRESS, dynamicSize, PAGE);
    segment(elf, PT_DYNAMIC, R | W, DYNAMIC, DYNAMIC_ADDRESS, dynamicSize, 8);
    // Without this one the loader makes every thread's stack executable.
    segment(elf, PT_GNU_STACK, R | W, 0, 0, 0, 16);
    symbols(elf, code.remaining());
    elf.position(CODE).put(code);
    elf.position(DYNAMIC);
    for (DynamicTag tag : DynamicTag.values()) {
      elf.putLong(tag.number).putLong(tag.value);
    }
    return elf.array();
  }

  private static ByteBuffer code(Platform platform) {
    ByteBuffer code = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    switch (platform) {
      case LINUX_X86_64 -> {
        for (int each : X86_64) {
          code.put((byte) each);
        }
      }
      case LINUX_AARCH64 -> {
        for (int each : AARCH64) {
          code.putInt(each);
        }
      }
    }
    return code.flip();
  }

  private static void header(ByteBuffer elf, Platform platform) {
    // Magic, 64 bits, little endian, version 1.
    elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}).position(16);
    elf.putShort((short) 3); // a shared library
    elf.putShort((short) (platform == Platform.LINUX_X86_64 ? 62 : 183));
    elf.putInt(1).putLong(0); // version; no entry point
    elf.putLong(64).putLong(0).putInt(0); // program headers, no section headers, no flags
    elf.putShort((short) 64).putShort((short) 56).putShort((short) 4);
    elf.putShort((short) 64).putShort((short) 0).putShort((short) 0);
  }

  private static void segment(
      ByteBuffer elf, int type, int rights, long offset, long address, long size, long align) {
    elf.putInt(type).putInt(rights);
    elf.putLong(offset).putLong(address).putLong(address);
    elf.putLong(size).putLong(size).putLong(align);
  }

  private static void symbols(ByteBuffer elf, int codeSize) {
    // One bucket, two symbols: the empty one and ours; no further one in the chain.
    elf.position(HASH).putInt(1).putInt(2).putInt(1).putInt(0).putInt(0);
    // Symbol 0 is all zeros. Ours: name, a global function, default visibility, in some section.
    elf.position(SYMBOLS + 24);
    elf.putInt(1)
        .put((byte) 0x12)
        .put((byte) 0)
        .putShort((short) 1)
        .putLong(CODE)
        .putLong(codeSize);
    elf.position(STRINGS + 1).put(SYMBOL.getBytes(StandardCharsets.US_ASCII));
  }

  /// What the dynamic section says.
  private enum DynamicTag {
    HASH_TABLE(4, HASH),
    STRING_TABLE(5, STRINGS),
    SYMBOL_TABLE(6, SYMBOLS),
    STRING_BYTES(10, SYMBOL.length() + 2),
    SYMBOL_BYTES(11, 24),
    END(0, 0);

    private final long number;
    private final long value;

    DynamicTag(long number, long value) {
      this.number = number;
      this.value = value;
    }
  }
}
