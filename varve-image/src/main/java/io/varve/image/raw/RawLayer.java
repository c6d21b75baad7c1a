// SPDX-License-Identifier: Apache-2.0
package io.varve.image.raw;

import io.varve.image.BackingReference;
import io.varve.image.Below;
import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.LayerExtent;
import io.varve.image.LayerFormat;
import io.varve.image.Preallocation;
import io.varve.image.ReadOnlyImageException;
import io.varve.image.UnsupportedImageException;
import io.varve.image.WritableLayer;
import io.varve.image.storage.Storage;
import io.varve.image.storage.StorageEvent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/// A raw image: guest offset and host offset are the same. It holds every byte of its disk, so
/// nothing beneath ever shows; a hole of the file is zero.
///
/// The disk's size is the file's, rounded up to 512; what the file lacks of that reads as zero.
///
/// A file that can punch holes gives space back on [ZeroMode#KEEP] too: a raw image has no mark for
/// "zero, but reserved".
///
/// **Threads.** As [io.varve.image.Layer] demands.
public final class RawLayer implements WritableLayer {
  private static final long SECTOR = 512;

  private final Storage storage;
  private final boolean writable;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile long size;

  private RawLayer(Storage storage, boolean writable, long size) {
    this.storage = storage;
    this.writable = writable;
    this.size = size;
  }

  /// Takes the storage over: closing the layer closes it. Nothing is read: every content is a raw
  /// image.
  ///
  /// @throws ReadOnlyImageException if changes are wanted and the storage was opened read-only
  public static RawLayer open(Storage storage, boolean writable) throws IOException {
    if (writable && storage.readOnly()) {
      throw new ReadOnlyImageException(storage.name() + ": opened read-only, expected read-write");
    }
    return new RawLayer(storage, writable, Math.ceilDiv(storage.size(), SECTOR) * SECTOR);
  }

  @Override
  public String name() {
    return storage.name();
  }

  @Override
  public LayerFormat format() {
    return LayerFormat.RAW;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public Optional<BackingReference> backing() {
    return Optional.empty();
  }

  @Override
  public LayerExtent lookup(GuestOffset at, long maxLength) throws IOException {
    long start = at.bytes();
    if (start >= size || maxLength <= 0) {
      throw new IllegalArgumentException(
          name() + ": lookup of " + maxLength + " bytes at " + at + ", size " + size);
    }
    long end = start + Math.min(maxLength, size - start);
    Storage.DataRange data = storage.nextData(start);
    if (data == null || data.position() >= end) {
      return new LayerExtent(start, end - start, ExtentKind.ZERO, start);
    }
    if (data.position() > start) {
      return new LayerExtent(start, data.position() - start, ExtentKind.ZERO, start);
    }
    long dataEnd = Math.min(end, data.position() + data.length());
    return new LayerExtent(start, dataEnd - start, ExtentKind.DATA, start);
  }

  @Override
  public long readHeld(GuestOffset at, ByteBuffer dst) throws IOException {
    int length = dst.remaining();
    requireInside("read", at, length);
    storage.announce(StorageEvent.READ_AIO);
    storage.read(at.bytes(), dst);
    return length;
  }

  @Override
  public boolean writable() {
    return writable;
  }

  @Override
  public Storage storage() {
    return storage;
  }

  @Override
  public void write(GuestOffset at, ByteBuffer src, Below below) throws IOException {
    requireWritable("write");
    requireInside("write", at, src.remaining());
    storage.announce(StorageEvent.WRITE_AIO);
    storage.write(at.bytes(), src);
  }

  @Override
  public void zero(GuestOffset at, long length, ZeroMode mode, Below below) throws IOException {
    requireWritable("zero");
    requireInside("zero", at, length);
    if (mode == ZeroMode.KEEP) {
      storage.zeroReserved(at.bytes(), length);
    } else if (!storage.punch(at.bytes(), length)) {
      storage.zero(at.bytes(), length);
    }
  }

  @Override
  public void discard(GuestOffset at, long length, Below below) throws IOException {
    zero(at, length, ZeroMode.UNMAP, below);
  }

  @Override
  public void flush() throws IOException {
    requireWritable("flush");
    storage.flush();
  }

  @Override
  public void resize(long newSize, Below below) throws IOException {
    requireWritable("resize");
    if (newSize < 0) {
      throw new IllegalArgumentException(name() + ": size " + newSize + " is below zero");
    }
    if (storage.capabilities().fixedSize() && newSize < size) {
      throw new UnsupportedImageException(
          name()
              + ": a block device of "
              + size
              + " bytes cannot become a raw image of "
              + newSize
              + ": resize the device itself");
    }
    storage.truncate(newSize);
    size = Math.ceilDiv(newSize, SECTOR) * SECTOR;
  }

  @Override
  public void resize(long newSize, Below below, Preallocation ahead) throws IOException {
    if (ahead == Preallocation.METADATA) {
      throw new UnsupportedImageException(name() + ": Unsupported preallocation mode 'metadata'");
    }
    long oldSize = size;
    resize(newSize, below);
    if (newSize <= oldSize) {
      return;
    }
    if (ahead == Preallocation.FALLOC) {
      storage.reserve(oldSize, newSize - oldSize);
    } else if (ahead == Preallocation.FULL) {
      ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(1 << 20, newSize - oldSize));
      for (long at = oldSize; at < newSize; at += zeros.limit()) {
        storage.write(at, zeros.clear().limit((int) Math.min(zeros.capacity(), newSize - at)));
      }
    }
  }

  @Override
  public void close() throws IOException {
    boolean first = closed.compareAndSet(false, true);
    try (storage) {
      if (first && writable) {
        storage.flush();
      }
    }
  }

  private void requireWritable(String doing) throws ReadOnlyImageException {
    if (!writable) {
      throw new ReadOnlyImageException(name() + ": " + doing + ": the layer is open read-only");
    }
  }

  private void requireInside(String doing, GuestOffset at, long length) {
    if (length < 0 || at.bytes() > size || length > size - at.bytes()) {
      throw new IllegalArgumentException(
          name() + ": " + doing + " of " + length + " bytes at " + at + ", size " + size);
    }
  }
}
