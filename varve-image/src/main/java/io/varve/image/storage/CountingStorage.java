// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Counts what passes through to another storage; calls that fail are not counted. Closing it
/// closes the other.
public final class CountingStorage implements Storage {
  private final Storage inner;
  private final IoCounters counters;

  public CountingStorage(Storage inner) {
    this(inner, new IoCounters());
  }

  /// Adds to counters that other storages may share.
  public CountingStorage(Storage inner, IoCounters counters) {
    this.inner = inner;
    this.counters = counters;
  }

  public IoCounters counters() {
    return counters;
  }

  /// The storage beneath.
  public Storage inner() {
    return inner;
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
    int bytes = dst.remaining();
    inner.read(position, dst);
    counters.read(bytes);
  }

  @Override
  public void write(long position, ByteBuffer src) throws IOException {
    int bytes = src.remaining();
    inner.write(position, src);
    counters.write(bytes);
  }

  @Override
  public void flush() throws IOException {
    inner.flush();
    counters.flush();
  }

  @Override
  public void truncate(long size) throws IOException {
    inner.truncate(size);
  }

  @Override
  public boolean punch(long position, long length) throws IOException {
    boolean punched = inner.punch(position, length);
    if (punched) {
      counters.punch(length);
    }
    return punched;
  }

  @Override
  public void zero(long position, long length) throws IOException {
    inner.zero(position, length);
    counters.write(length);
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
  }
}
