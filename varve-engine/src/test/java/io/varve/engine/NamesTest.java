// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class NamesTest {
  @ParameterizedTest
  @ValueSource(strings = {"a", "A9", "web-1.root_disk", "0", "a..b"})
  void allowsPlainNames(String name) {
    assertThat(Names.check("disk", name)).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", ".", "..", ".hidden", "-x", "_x", "a/b", "../a", "a b", "a@b", "a\nb", "ä", "a\0b"
      })
  void refusesWhatCouldBeAPathOrAnOption(String name) {
    assertThatThrownBy(() -> Names.check("disk", name))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("disk name");
  }

  @Test
  void refusesLongNamesAndCutsTheEcho() {
    assertThat(Names.isValid("x".repeat(63))).isTrue();
    assertThatThrownBy(() -> Names.check("pool", "x".repeat(5000)))
        .satisfies(e -> assertThat(e.getMessage().length()).isLessThan(300));
  }

  @Test
  void parsesAddresses() {
    assertThat(DiskAddress.parse("d")).isEqualTo(new DiskAddress(null, "d", null));
    assertThat(DiskAddress.parse("p/d@s")).isEqualTo(new DiskAddress("p", "d", "s"));
    assertThat(DiskAddress.parse("d@my snap").snapshot()).isEqualTo("my snap");
    assertThat(DiskAddress.parse("p/d@a/b@c").snapshot()).isEqualTo("a/b@c");
    assertThat(DiskAddress.parse("p/d@s")).hasToString("p/d@s");
    assertThat(DiskAddress.parseDisk("p/d").at("x").diskOnly()).hasToString("p/d");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/", "/d", "p/", "a/b/c", "../d", "p/../d", "d@", "@s", "p//d"})
  void refusesAddressesThatAreNone(String text) {
    assertThatThrownBy(() -> DiskAddress.parse(text)).isInstanceOf(InvalidRequestException.class);
  }

  @Test
  void wantsADiskOrASnapshotWhereItMatters() {
    assertThatThrownBy(() -> DiskAddress.parseDisk("d@s"))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("names a snapshot");
    assertThatThrownBy(() -> DiskAddress.parseSnapshot("d"))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("no snapshot");
  }
}
