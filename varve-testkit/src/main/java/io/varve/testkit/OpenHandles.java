// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import io.varve.image.storage.Storage;
import io.varve.image.storage.StorageCapabilities;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

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

  /// Identity counts here, so this is no record.
  private final class Tracked implements Storage {
    private final Storage inner;
    private final Exception opened;

    Tracked(Storage inner) {
      this.inner = inner;
      this.opened = new Exception("opened here: " + inner.name());
    }

    @Override
    public String name() {
      return inner.name();
    }

    @Override
    public long size() throws IOException {
      return inner.size();
    }

    @Override
    public void read(long position, ByteBuffer dst) throws IOException {
      inner.read(position, dst);
    }

    @Override
    public void write(long position, ByteBuffer src) throws IOException {
      inner.write(position, src);
    }

    @Override
    public void flush() throws IOException {
      inner.flush();
    }

    @Override
    public void truncate(long size) throws IOException {
      inner.truncate(size);
    }

    @Override
    public boolean punch(long position, long length) throws IOException {
      return inner.punch(position, length);
    }

    @Override
    public void zero(long position, long length) throws IOException {
      inner.zero(position, length);
    }

    @Override
    public long allocatedBytes() throws IOException {
      return inner.allocatedBytes();
    }

    @Override
    public @Nullable DataRange nextData(long position) throws IOException {
      return inner.nextData(position);
    }

    @Override
    public StorageCapabilities capabilities() {
      return inner.capabilities();
    }

    @Override
    public boolean readOnly() {
      return inner.readOnly();
    }

    @Override
    public void close() throws IOException {
      inner.close();
      open.remove(this);
    }
  }
}
