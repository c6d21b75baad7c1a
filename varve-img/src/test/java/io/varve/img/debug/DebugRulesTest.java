// SPDX-License-Identifier: Apache-2.0
package io.varve.img.debug;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.ffi.SystemCallException;
import io.varve.image.storage.MemoryStorage;
import io.varve.image.storage.NoSpaceException;
import io.varve.image.storage.Storage;
import io.varve.image.storage.StorageEvent;
import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Rules of `blkdebug`: which requests fail, when, and for how long.
class DebugRulesTest {
  private final StringBuilder said = new StringBuilder();

  private DebugStorage storage(String... config) throws ImgException {
    Storage memory = new MemoryStorage("memory");
    return DebugOptions.take(new OptionTree(), List.of(config)).over(memory, said::append);
  }

  private static void read(Storage storage, long position) throws IOException {
    storage.read(position, ByteBuffer.allocate(512));
  }

  @Test
  void aRuleHoldsFromItsEventOn() throws Exception {
    DebugStorage storage = storage("[inject-error]", "event = \"read_aio\"", "errno = \"13\"");
    read(storage, 0);
    storage.announce(StorageEvent.READ_AIO);
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> read(storage, 0))
          .isInstanceOfSatisfying(
              SystemCallException.class, e -> assertThat(e.number()).isEqualTo(13));
    }
  }

  @Test
  void aRuleForOneRequestGoesWithIt() throws Exception {
    DebugStorage storage =
        storage("[inject-error]", "event = \"read_aio\"", "errno = \"28\"", "once = \"on\"");
    storage.announce(StorageEvent.READ_AIO);
    assertThatThrownBy(() -> read(storage, 0)).isInstanceOf(NoSpaceException.class);
    storage.announce(StorageEvent.READ_AIO);
    read(storage, 0);
  }

  @Test
  void aSectorMustBeTouched() throws Exception {
    DebugStorage storage = storage("[inject-error]", "event = \"none\"", "sector = \"3\"");
    read(storage, 0);
    read(storage, 4 * 512);
    assertThatThrownBy(() -> read(storage, 3 * 512)).isInstanceOf(SystemCallException.class);
    storage.flush();
  }

  @Test
  void aRuleWaitsForItsState() throws Exception {
    DebugStorage storage =
        storage(
            "[set-state]",
            "event = \"l2_load\"",
            "new_state = \"2\"",
            "[inject-error]",
            "event = \"l2_load\"",
            "state = \"2\"");
    storage.announce(StorageEvent.L2_LOAD);
    read(storage, 0);
    storage.announce(StorageEvent.L2_LOAD);
    assertThatThrownBy(() -> read(storage, 0)).isInstanceOf(SystemCallException.class);
  }

  @Test
  void aNamedKindIsTheOnlyOneThatFails() throws Exception {
    DebugStorage storage = storage("[inject-error]", "event = \"none\"", "iotype = \"write\"");
    read(storage, 0);
    assertThatThrownBy(() -> storage.write(0, ByteBuffer.allocate(512)))
        .isInstanceOf(SystemCallException.class);
  }

  @Test
  void whatIsFlushedAlreadyIsNotAskedForAgain() throws Exception {
    DebugStorage storage = storage("[inject-error]", "event = \"none\"", "iotype = \"flush\"");
    storage.flush();
    storage.write(0, ByteBuffer.allocate(512));
    assertThatThrownBy(storage::flush).isInstanceOf(SystemCallException.class);
  }

  @Test
  void aThreadStopsAtABreakpointUntilItIsResumed() throws Exception {
    DebugStorage storage = storage();
    DebugRules rules = storage.rules();
    assertThat(rules.setBreakpoint("no_such_event", "A")).isFalse();
    assertThat(rules.setBreakpoint("write_aio", "A")).isTrue();
    Thread thread = new Thread(() -> storage.announce(StorageEvent.WRITE_AIO));
    thread.start();
    while (!rules.isStopped("A")) {
      Thread.onSpinWait();
    }
    assertThat(rules.stands(thread)).isTrue();
    assertThat(rules.resume("B")).isFalse();
    assertThat(rules.resume("A")).isTrue();
    thread.join();
    assertThat(said)
        .hasToString("blkdebug: Suspended request 'A'\nblkdebug: Resuming request 'A'\n");
    assertThat(rules.mayStop()).isFalse();
  }

  @Test
  void theThreadThatMadeTheRulesNeverStops() throws Exception {
    DebugStorage storage = storage();
    storage.rules().setBreakpoint("write_aio", "A");
    storage.announce(StorageEvent.WRITE_AIO);
    assertThat(storage.rules().isStopped("A")).isFalse();
  }

  @Test
  void everyEventHasItsNameInSmallLetters() {
    for (StorageEvent event : StorageEvent.values()) {
      assertThat(DebugOptions.event(event.name().toLowerCase(java.util.Locale.ROOT)))
          .isEqualTo(event);
    }
    assertThat(DebugOptions.event("L2_LOAD")).isNull();
  }

  @Test
  void aFileWithoutASectionIsRefused() {
    assertThatThrownBy(() -> storage("event = \"none\"")).hasMessage("no group defined");
    assertThatThrownBy(() -> storage("[other]")).hasMessage("There is no option group 'other'");
    assertThatThrownBy(() -> storage("[inject-error]", "colour = \"red\""))
        .hasMessage("Invalid parameter 'colour'");
    assertThatThrownBy(() -> storage("[inject-error]", "errno = \"5\""))
        .hasMessage("Missing event name for rule");
  }
}
