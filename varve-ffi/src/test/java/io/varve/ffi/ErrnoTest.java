// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ErrnoTest {
  @ParameterizedTest
  @EnumSource(names = "OTHER", mode = EnumSource.Mode.EXCLUDE)
  void isFoundByItsNumber(Errno errno) {
    assertThat(Errno.of(errno.number())).isEqualTo(errno);
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 3, 133, 134, 4096, Integer.MAX_VALUE})
  void isOtherForNumbersWithoutAName(int number) {
    assertThat(Errno.of(number)).isEqualTo(Errno.OTHER);
  }

  @Test
  void keepsTheNumberOfAnErrorWithoutAName() {
    SystemCallException e = new SystemCallException("pread", 77);
    assertThat(e.number()).isEqualTo(77);
    assertThat(e).hasMessage("pread: error (errno 77)");
  }
}
