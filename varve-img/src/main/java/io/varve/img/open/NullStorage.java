// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.image.storage.NoSpaceException;
import io.varve.image.storage.Storage;
import io.varve.image.storage.StorageCapabilities;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Takes everything and keeps nothing: what `null-co` and `null-aio` name. It reads as zero.
final class NullStorage implements Storage {
  private final long size;

  NullStorage(long size) {
    this.size = size;
  }

  @Override
  public String name() {
    return "null-co://";
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public void read(long position, ByteBuffer dst) {
    while (dst.remaining() >= Long.BYTES) {
      dst.putLong(0);
    }
    while (dst.hasRemaining()) {
      dst.put((byte) 0);
    }
  }

  @Override
  public void write(long position, ByteBuffer src) {
    src.position(src.limit());
  }

  @Override
  public void flush() {}

  @Override
  public void truncate(long newSize) throws IOException {
    if (newSize > size) {
      throw new NoSpaceException(name() + ": it cannot grow");
    }
  }

  @Override
  public boolean punch(long position, long length) {
    return true;
  }

  @Override
  public void zero(long position, long length) {}

  @Override
  public long allocatedBytes() {
    return 0;
  }

  @Override
  public @Nullable DataRange nextData(long position) {
    return null;
  }

  @Override
  public StorageCapabilities capabilities() {
    return new StorageCapabilities(true, false, true, true);
  }

  @Override
  public boolean readOnly() {
    return false;
  }

  @Override
  public void close() {}
}
