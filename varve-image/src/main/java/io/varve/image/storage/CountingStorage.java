// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import java.io.IOException;
import java.nio.ByteBuffer;

/// Counts what passes through to another storage; calls that fail are not counted. Closing it
/// closes the other.
public final class CountingStorage extends ForwardingStorage {
  private final IoCounters counters;

  public CountingStorage(Storage inner) {
    this(inner, new IoCounters());
  }

  /// Adds to counters that other storages may share.
  public CountingStorage(Storage inner, IoCounters counters) {
    super(inner);
    this.counters = counters;
  }

  public IoCounters counters() {
    return counters;
  }

  @Override
  public void read(long position, ByteBuffer dst) throws IOException {
    int bytes = dst.remaining();
    super.read(position, dst);
    counters.read(bytes);
  }

  @Override
  public void write(long position, ByteBuffer src) throws IOException {
    int bytes = src.remaining();
    super.write(position, src);
    counters.write(bytes);
  }

  @Override
  public void flush() throws IOException {
    super.flush();
    counters.flush();
  }

  @Override
  public boolean punch(long position, long length) throws IOException {
    boolean punched = super.punch(position, length);
    if (punched) {
      counters.punch(length);
    }
    return punched;
  }

  @Override
  public void zero(long position, long length) throws IOException {
    super.zero(position, length);
    counters.write(length);
  }
}
