// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import io.varve.image.storage.ReadOnlyStorageException;
import io.varve.image.storage.Storage;
import io.varve.image.storage.StorageCapabilities;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/// A storage over [SparseBytes], for opening a crash image. **Threads:** any.
public class SparseStorage implements Storage {
  private final String name;
  private final SparseBytes bytes;
  private final boolean readOnly;
  private boolean closed;

  public SparseStorage(String name, SparseBytes bytes, boolean readOnly) {
    this.name = name;
    this.bytes = bytes;
    this.readOnly = readOnly;
  }

  public static SparseStorage of(SparseBytes bytes) {
    return new SparseStorage("memory", bytes, false);
  }

  /// The bytes as they are now; a fork, so that later changes do not reach it.
  public final synchronized SparseBytes content() {
    return bytes.fork();
  }

  /// Called before each change is made, under the storage's lock.
  void beforeChange(Mutation mutation) {}

  /// Called at each flush, under the storage's lock.
  void onFlush() {}

  /// The live bytes, for subclasses that hold the lock.
  final SparseBytes live() {
    return bytes;
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final synchronized long size() throws IOException {
    requireOpen();
    return bytes.size();
  }

  @Override
  public final synchronized void read(long position, ByteBuffer dst) throws IOException {
    requireOpen();
    bytes.read(position, dst);
  }

  @Override
  public final synchronized void write(long position, ByteBuffer src) throws IOException {
    requireWritable();
    byte[] copy = new byte[src.remaining()];
    src.get(copy);
    change(new Mutation.Write(position, ByteBuffer.wrap(copy)));
  }

  @Override
  public final synchronized void zero(long position, long length) throws IOException {
    requireWritable();
    change(new Mutation.Zero(position, length));
  }

  @Override
  public final synchronized boolean punch(long position, long length) throws IOException {
    requireWritable();
    change(new Mutation.Punch(position, length));
    return true;
  }

  @Override
  public final synchronized void truncate(long size) throws IOException {
    requireWritable();
    change(new Mutation.Truncate(size));
  }

  @Override
  public final synchronized void flush() throws IOException {
    requireOpen();
    onFlush();
  }

  @Override
  public final synchronized long allocatedBytes() throws IOException {
    requireOpen();
    return bytes.allocatedBytes();
  }

  @Override
  public final synchronized @Nullable DataRange nextData(long position) throws IOException {
    requireOpen();
    long start = bytes.next(position, true);
    return start >= bytes.size() ? null : new DataRange(start, bytes.next(start, false) - start);
  }

  @Override
  public final StorageCapabilities capabilities() {
    return new StorageCapabilities(true, false, false, true);
  }

  @Override
  public final boolean readOnly() {
    return readOnly;
  }

  @Override
  public final synchronized void close() {
    closed = true;
  }

  private void change(Mutation mutation) {
    beforeChange(mutation);
    mutation.apply(bytes);
  }

  private void requireWritable() throws IOException {
    requireOpen();
    if (readOnly) {
      throw new ReadOnlyStorageException(name + ": opened read-only");
    }
  }

  private void requireOpen() throws IOException {
    if (closed) {
      throw new ClosedChannelException();
    }
  }
}
