// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Passes every call on to another storage; a subclass changes some.
public class ForwardingStorage implements Storage {
  private final Storage inner;

  public ForwardingStorage(Storage inner) {
    this.inner = inner;
  }

  /// The same storage under a handle of its own: closing the handle leaves `storage` open, so that
  /// an image in it can be closed and opened again, or its owner keeps its lock.
  public static Storage handleOn(Storage storage) {
    return new ForwardingStorage(storage) {
      @Override
      public void close() {}
    };
  }

  /// The storage beneath.
  public final Storage inner() {
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
  public void reserve(long position, long length) throws IOException {
    inner.reserve(position, length);
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
  public void announce(StorageEvent event) {
    inner.announce(event);
  }

  @Override
  public void close() throws IOException {
    inner.close();
  }
}
