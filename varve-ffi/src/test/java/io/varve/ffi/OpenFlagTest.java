// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// The numbers of `fcntl.h`: the generic ones on x86_64, arm's own on aarch64.
class OpenFlagTest {
  @Test
  void differsBetweenArchitectures() {
    assertThat(OpenFlag.bits(Platform.LINUX_X86_64, OpenFlag.DIRECT)).isEqualTo(0x84000);
    assertThat(OpenFlag.bits(Platform.LINUX_AARCH64, OpenFlag.DIRECT)).isEqualTo(0x90000);
    assertThat(OpenFlag.bits(Platform.LINUX_X86_64, OpenFlag.DIRECTORY)).isEqualTo(0x90000);
    assertThat(OpenFlag.bits(Platform.LINUX_AARCH64, OpenFlag.DIRECTORY)).isEqualTo(0x84000);
    assertThat(OpenFlag.bits(Platform.LINUX_X86_64, OpenFlag.NO_FOLLOW)).isEqualTo(0xa0000);
    assertThat(OpenFlag.bits(Platform.LINUX_AARCH64, OpenFlag.NO_FOLLOW)).isEqualTo(0x88000);
  }

  @Test
  void alwaysClosesOnExec() {
    for (Platform platform : Platform.values()) {
      assertThat(OpenFlag.bits(platform)).isEqualTo(0x80000);
      assertThat(OpenFlag.bits(platform, OpenFlag.WRITE, OpenFlag.CREATE, OpenFlag.EXCLUSIVE))
          .isEqualTo(0x800c2);
    }
  }
}
