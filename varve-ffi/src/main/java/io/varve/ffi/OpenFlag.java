// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

/// Flags of `open(2)`. Reading is always included; close-on-exec is always set.
public enum OpenFlag {
  /// Reading and writing (`O_RDWR`).
  WRITE(0x2, 0x2),
  /// Create it where it is missing (`O_CREAT`).
  CREATE(0x40, 0x40),
  /// With [#CREATE]: fail if it exists, also as a dangling symbolic link (`O_EXCL`).
  EXCLUSIVE(0x80, 0x80),
  /// Never wait for the other end of a fifo or for a medium (`O_NONBLOCK`).
  NONBLOCK(0x800, 0x800),
  /// Past the page cache (`O_DIRECT`): buffers, positions and lengths must be aligned.
  DIRECT(0x4000, 0x10000),
  /// Fail unless it is a folder (`O_DIRECTORY`).
  DIRECTORY(0x10000, 0x4000),
  /// Fail if the last part of the path is a symbolic link (`O_NOFOLLOW`).
  NO_FOLLOW(0x20000, 0x8000);

  private static final int O_CLOEXEC = 0x80000;

  private final int x86;
  private final int arm;

  OpenFlag(int x86, int arm) {
    this.x86 = x86;
    this.arm = arm;
  }

  static int bits(Platform platform, OpenFlag... flags) {
    int bits = O_CLOEXEC;
    for (OpenFlag flag : flags) {
      bits |=
          switch (platform) {
            case LINUX_X86_64 -> flag.x86;
            case LINUX_AARCH64 -> flag.arm;
          };
    }
    return bits;
  }
}
