// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class ArgsTest {
  @Test
  void givesBackWhatWasPutIn() {
    UUID id = new UUID(1, 2);
    Args args =
        new Args()
            .with("id", id)
            .with("name", "line\nbreak = and % and ü")
            .with("absent", null)
            .with("count", 7L)
            .with("flag", true)
            .withList("ids", List.of(id, id))
            .withList("none", List.of());
    Args read = Args.decode(args.encode());
    assertThat(read.id("id")).isEqualTo(id);
    assertThat(read.text("name")).isEqualTo("line\nbreak = and % and ü");
    assertThat(read.textOrNull("absent")).isNull();
    assertThat(read.idOrNull("absent")).isNull();
    assertThat(read.number("count")).isEqualTo(7);
    assertThat(read.flag("flag")).isTrue();
    assertThat(read.flag("absent")).isFalse();
    assertThat(read.list("ids")).containsExactly(id.toString(), id.toString());
    assertThat(read.list("none")).isEmpty();
  }

  @Test
  void saysWhatTheJournalLacks() {
    assertThatThrownBy(() -> Args.decode("a=1\n").text("b"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("no b");
  }
}
