// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/// A storage in memory, for tests and for tools: sparse in blocks of 4096 bytes. It can be told
/// what it can do, and when it is full. "Durable" means nothing here; what a crash leaves behind is
/// the business of a test's own storage.
///
/// **Threads.** As [Storage] demands; writes wait for each other.
public final class MemoryStorage implements Storage {
  private static final StorageCapabilities GROWABLE =
      new StorageCapabilities(true, false, false, true);

  /// What all storages share that [#reopen] has made of one another.
  private static final class Content {
    final ReadWriteLock lock = new ReentrantReadWriteLock();
    final long limit;
    final SparseBytes bytes;

    Content(SparseBytes bytes, long limit) {
      this.bytes = bytes;
      this.limit = limit;
    }
  }

  private final String name;
  private final StorageCapabilities capabilities;
  private final boolean readOnly;
  private final Content content;
  private volatile boolean closed;

  /// An empty storage that grows, punches and tells holes.
  public MemoryStorage(String name) {
    this(name, GROWABLE, 0, Long.MAX_VALUE);
  }

  /// @param capabilities what it shall be able to do; `reflink` changes nothing
  /// @param size its length at first, and for good if `fixedSize`
  /// @param limit bytes that it may allocate before it is full
  public MemoryStorage(String name, StorageCapabilities capabilities, long size, long limit) {
    this(name, capabilities, false, new Content(new SparseBytes(), limit));
    content.bytes.truncate(size);
  }

  private MemoryStorage(
      String name, StorageCapabilities capabilities, boolean readOnly, Content content) {
    this.name = name;
    this.capabilities = capabilities;
    this.readOnly = readOnly;
    this.content = content;
  }

  /// One that holds these bytes.
  public static MemoryStorage holding(String name, byte[] bytes) {
    MemoryStorage storage = new MemoryStorage(name);
    storage.content.bytes.write(0, ByteBuffer.wrap(bytes));
    return storage;
  }

  /// Another storage on the same bytes, as if a file were opened again; this one may be closed.
  public MemoryStorage reopen(boolean asReadOnly) {
    return new MemoryStorage(name, capabilities, asReadOnly, content);
  }

  /// A storage of its own with a copy of the bytes; this one may be closed.
  public MemoryStorage copy(String newName) {
    Lock lock = content.lock.readLock();
    lock.lock();
    try {
      return new MemoryStorage(
          newName, capabilities, false, new Content(new SparseBytes(content.bytes), content.limit));
    } finally {
      lock.unlock();
    }
  }

  /// All bytes, holes as zeros.
  ///
  /// @throws ArithmeticException if it holds more than an array can
  public byte[] toByteArray() {
    Lock lock = content.lock.readLock();
    lock.lock();
    try {
      byte[] all = new byte[Math.toIntExact(content.bytes.size())];
      content.bytes.read(0, ByteBuffer.wrap(all));
      return all;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long size() throws IOException {
    return reading(SparseBytes::size);
  }

  @Override
  public void read(long position, ByteBuffer dst) throws IOException {
    Ranges.require(position, dst.remaining());
    reading(bytes -> {
      bytes.read(position, dst);
      return null;
    });
  }

  @Override
  public void write(long position, ByteBuffer src) throws IOException {
    int length = src.remaining();
    changing(
        "write",
        position,
        length,
        bytes -> {
          requireFree(bytes, "write", position, length);
          bytes.write(position, src);
        });
  }

  @Override
  public void flush() throws IOException {
    requireOpen();
  }

  @Override
  public void truncate(long size) throws IOException {
    changing(
        "truncate",
        size,
        0,
        bytes -> {
          if (!capabilities.fixedSize()) {
            bytes.truncate(size);
          }
        });
  }

  @Override
  public boolean punch(long position, long length) throws IOException {
    Ranges.require(position, length);
    if (capabilities.punch()) {
      // Whatever lies past the end is not there: nothing to punch, and no reason to refuse.
      changing("punch", 0, 0, bytes -> bytes.punch(position, length));
    } else {
      changing("punch", 0, 0, _ -> {});
    }
    return capabilities.punch();
  }

  @Override
  public void zero(long position, long length) throws IOException {
    changing(
        "zero",
        position,
        length,
        bytes -> {
          if (capabilities.punch()) {
            bytes.punch(position, length);
            bytes.truncate(Math.max(bytes.size(), length == 0 ? 0 : position + length));
            return;
          }
          requireFree(bytes, "zero", position, length);
          for (long done = 0; done < length; done += Zeros.PIECE) {
            bytes.write(position + done, Zeros.piece(length - done));
          }
        });
  }

  @Override
  public long allocatedBytes() throws IOException {
    return reading(b -> capabilities.fixedSize() ? b.size() : b.allocatedBytes());
  }

  @Override
  public @Nullable DataRange nextData(long position) throws IOException {
    Ranges.require(position, 0);
    return reading(bytes -> {
      if (capabilities.sparse()) {
        return bytes.nextData(position);
      }
      long left = bytes.size() - position;
      return left > 0 ? new DataRange(position, left) : null;
    });
  }

  @Override
  public StorageCapabilities capabilities() {
    return capabilities;
  }

  @Override
  public boolean readOnly() {
    return readOnly;
  }

  @Override
  public void close() {
    closed = true;
  }

  private interface Reading<T extends @Nullable Object> {
    T on(SparseBytes bytes);
  }

  private interface Changing {
    void on(SparseBytes bytes) throws IOException;
  }

  private <T extends @Nullable Object> T reading(Reading<T> work) throws IOException {
    Lock lock = content.lock.readLock();
    lock.lock();
    try {
      requireOpen();
      return work.on(content.bytes);
    } finally {
      lock.unlock();
    }
  }

  private void changing(String doing, long position, long length, Changing work)
      throws IOException {
    Ranges.require(position, length);
    Lock lock = content.lock.writeLock();
    lock.lock();
    try {
      requireOpen();
      if (readOnly) {
        throw new ReadOnlyStorageException(name + ": " + doing + ": opened read-only");
      }
      long size = content.bytes.size();
      if (capabilities.fixedSize() && position + length > size) {
        throw new NoSpaceException(Ranges.beyond(name, doing, position, length, size));
      }
      work.on(content.bytes);
    } finally {
      lock.unlock();
    }
  }

  private void requireFree(SparseBytes bytes, String doing, long position, long length)
      throws NoSpaceException {
    if (bytes.allocatedBytes() > content.limit - bytes.neededFor(position, length)) {
      throw new NoSpaceException(
          name + ": " + doing + " " + Ranges.text(position, length) + ": no space left");
    }
  }

  private void requireOpen() throws ClosedChannelException {
    if (closed) {
      throw new ClosedChannelException();
    }
  }
}
