// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.image.storage.Storage;
import io.varve.image.storage.StorageCapabilities;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Another storage, except that closing it leaves that one open: its owner still needs its lock.
record KeptOpen(Storage inner) implements Storage {
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
  public void close() {}
}
