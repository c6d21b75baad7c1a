// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import io.varve.image.storage.ForwardingStorage;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Finds storages that nobody closed: wrap each one as it is opened, and ask at the end.
/// **Threads:** any.
public final class OpenHandles {
  private final Set<Tracked> open = ConcurrentHashMap.newKeySet();

  /// The same storage, known here until it is closed.
  public Storage track(Storage storage) {
    Tracked tracked = new Tracked(storage);
    open.add(tracked);
    return tracked;
  }

  /// The names of those that are open.
  public List<String> names() {
    return open.stream().map(Tracked::name).sorted().toList();
  }

  /// Fails the test if one is open.
  public void assertNoneOpen() {
    if (!open.isEmpty()) {
      AssertionError error = new AssertionError("left open: " + names());
      open.forEach(tracked -> error.addSuppressed(tracked.opened));
      throw error;
    }
  }

  /// Identity counts here: two handles on one file are two.
  private final class Tracked extends ForwardingStorage {
    private final Exception opened;

    Tracked(Storage inner) {
      super(inner);
      this.opened = new Exception("opened here: " + inner.name());
    }

    @Override
    public void close() throws IOException {
      super.close();
      open.remove(this);
    }
  }
}
