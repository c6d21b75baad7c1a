// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.storage.NoSpaceException;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FaultyStorageTest {
  private static void operation(Storage storage) throws IOException {
    storage.read(0, ByteBuffer.allocate(8));
    storage.write(0, ByteBuffer.allocate(8));
    storage.flush();
    storage.punch(0, 4096);
    storage.truncate(100);
  }

  private static List<String> failures(Fault fault) {
    List<String> failures = new ArrayList<>();
    for (int n = 0; ; n++) {
      FaultyStorage storage = new FaultyStorage(SparseStorage.of(new SparseBytes()));
      storage.failCall(n, fault, false);
      try {
        operation(storage);
      } catch (IOException e) {
        failures.add(e.getMessage());
      }
      if (!storage.struck()) {
        return failures;
      }
    }
  }

  @Test
  void aLoopFailsEachCallUntilNoneIsLeft() {
    assertThat(failures(Fault.IO_ERROR))
        .extracting(text -> text.replaceAll("memory: (\\w+) failed.*", "$1"))
        .containsExactly("READ", "WRITE", "FLUSH", "PUNCH", "TRUNCATE");
    assertThat(failures(Fault.NO_SPACE))
        .extracting(text -> text.replaceAll("memory: (\\w+) failed.*", "$1"))
        .containsExactly("WRITE", "TRUNCATE");
  }

  @Test
  void failsOnceOrFromThenOn() throws IOException {
    FaultyStorage storage = new FaultyStorage(SparseStorage.of(new SparseBytes()));
    storage.failCall(1, Fault.IO_ERROR, false);
    storage.flush();
    assertThatThrownBy(storage::flush).isInstanceOf(IOException.class);
    storage.flush();

    storage.failCall(0, Fault.IO_ERROR, true);
    assertThatThrownBy(storage::flush).isInstanceOf(IOException.class);
    assertThatThrownBy(storage::flush).isInstanceOf(IOException.class);
    assertThat(storage.calls()).isEqualTo(2);
    storage.heal();
    storage.flush();
  }

  @Test
  void aTornWriteLeavesItsBeginning() {
    SparseStorage inner = SparseStorage.of(new SparseBytes());
    FaultyStorage storage = new FaultyStorage(inner);
    storage.failCall(0, Fault.TORN_WRITE, false);
    assertThatThrownBy(() -> storage.write(0, Stamp.data(0, 1024, 1)))
        .isInstanceOf(IOException.class);
    assertThat(inner.content().bytes(0, 512)).isEqualTo(Stamp.data(0, 512, 1).array());
    assertThat(inner.content().size()).isEqualTo(512);
  }

  @Test
  void aFullStoreStillTakesOverwrites() throws IOException {
    FaultyStorage storage = new FaultyStorage(SparseStorage.of(new SparseBytes()));
    storage.write(0, ByteBuffer.allocate(1000));
    storage.limit(1000);
    storage.write(0, ByteBuffer.allocate(1000));
    assertThatThrownBy(() -> storage.write(1, ByteBuffer.allocate(1000)))
        .isInstanceOf(NoSpaceException.class);
    assertThat(storage.struck()).isTrue();
  }

  @Test
  void aForgottenHandleIsNamed() throws IOException {
    OpenHandles handles = new OpenHandles();
    Storage first = handles.track(SparseStorage.of(new SparseBytes()));
    Storage second = handles.track(new SparseStorage("second", new SparseBytes(), true));
    first.close();

    assertThatThrownBy(handles::assertNoneOpen).hasMessageContaining("second");
    second.close();
    handles.assertNoneOpen();
  }
}
