// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.image.storage.ForwardingStorage;
import io.varve.image.storage.NoSpaceException;
import io.varve.image.storage.Storage;
import io.varve.image.storage.StorageCapabilities;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// A part of a storage, as the `offset` and `size` options of the raw driver cut it out.
final class SlicedStorage extends ForwardingStorage {
  private final long offset;
  private final long length;

  /// @param length bytes, -1 for all up to the end
  SlicedStorage(Storage whole, long offset, long length) {
    super(whole);
    this.offset = offset;
    this.length = length;
  }

  @Override
  public long size() throws IOException {
    return length >= 0 ? length : Math.max(0, super.size() - offset);
  }

  @Override
  public void read(long position, ByteBuffer dst) throws IOException {
    long left = Math.max(0, size() - position);
    int limit = dst.limit();
    if (left < dst.remaining()) {
      dst.limit(dst.position() + (int) left);
    }
    super.read(offset + position, dst);
    dst.limit(limit);
    while (dst.hasRemaining()) {
      dst.put((byte) 0);
    }
  }

  @Override
  public void write(long position, ByteBuffer src) throws IOException {
    requireInside(position, src.remaining());
    super.write(offset + position, src);
  }

  @Override
  public void truncate(long size) throws IOException {
    if (length >= 0) {
      if (size > length) {
        throw new NoSpaceException(name() + ": a part of a file cannot grow");
      }
      return;
    }
    super.truncate(offset + size);
  }

  @Override
  public boolean punch(long position, long count) throws IOException {
    requireInside(position, count);
    return super.punch(offset + position, count);
  }

  @Override
  public void zero(long position, long count) throws IOException {
    requireInside(position, count);
    super.zero(offset + position, count);
  }

  @Override
  public @Nullable DataRange nextData(long position) throws IOException {
    DataRange data = super.nextData(offset + position);
    if (data == null || data.position() - offset >= size()) {
      return null;
    }
    long start = data.position() - offset;
    return new DataRange(start, Math.min(data.length(), size() - start));
  }

  @Override
  public StorageCapabilities capabilities() {
    StorageCapabilities whole = super.capabilities();
    return length < 0 ? whole : new StorageCapabilities(whole.punch(), false, true, whole.sparse());
  }

  private void requireInside(long position, long count) throws IOException {
    if (length >= 0 && position + count > length) {
      throw new NoSpaceException(name() + ": a part of a file cannot grow");
    }
  }
}
