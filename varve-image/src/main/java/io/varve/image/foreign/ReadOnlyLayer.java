// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import io.varve.image.BackingReference;
import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerExtent;
import io.varve.image.LayerFormat;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/// What all formats share that are read only: a subclass says what lies where.
///
/// **Threads.** Nothing changes after opening, apart from caches that guard themselves.
abstract class ReadOnlyLayer implements Layer {
  private static final int MOST_JOINED = 4096;

  private final Storage storage;
  private final LayerFormat format;
  private final long size;
  private final int unit;

  /// @param size of the disk, bytes
  /// @param unit bytes of one block, 512 where the format has none
  ReadOnlyLayer(Storage storage, LayerFormat format, long size, int unit) {
    this.storage = storage;
    this.format = format;
    this.size = size;
    this.unit = unit;
  }

  /// The stretch at `at`, at most `length` bytes; neighbours may be alike.
  abstract LayerExtent piece(long at, long length) throws IOException;

  /// False if what lies on both sides of a place cannot be told as one.
  boolean mayJoin(long boundary) {
    return true;
  }

  /// Fills `dst` from compressed data at `at`, all of which lies in one piece.
  void readCompressed(long at, ByteBuffer dst) throws IOException {
    throw new IllegalStateException(name() + " has no compressed data at " + at);
  }

  /// Fills `dst` with the data of `extent`.
  void readData(LayerExtent extent, ByteBuffer dst) throws IOException {
    storage.read(extent.hostOffset(), dst);
  }

  @Override
  public final String name() {
    return storage.name();
  }

  @Override
  public final LayerFormat format() {
    return format;
  }

  @Override
  public final long size() {
    return size;
  }

  @Override
  public Optional<BackingReference> backing() {
    return Optional.empty();
  }

  @Override
  public final LayerExtent lookup(GuestOffset at, long maxLength) throws IOException {
    if (at.bytes() >= size || maxLength <= 0) {
      throw new IllegalArgumentException(
          "range %s + %d is outside the disk of %d bytes".formatted(at, maxLength, size));
    }
    long end = at.bytes() + Math.min(maxLength, size - at.bytes());
    LayerExtent found = piece(at.bytes(), end - at.bytes());
    // Bounded: a disk of petabytes may have a table of nothing.
    for (int joined = 0; found.end() < end && joined < MOST_JOINED; joined++) {
      LayerExtent next = piece(found.end(), end - found.end());
      if (!continues(found, next) || !mayJoin(next.start())) {
        break;
      }
      found =
          new LayerExtent(
              found.start(), next.end() - found.start(), found.kind(), found.hostOffset());
    }
    return found;
  }

  private static boolean continues(LayerExtent left, LayerExtent right) {
    if (left.kind() != right.kind() || left.kind() == ExtentKind.COMPRESSED) {
      return false;
    }
    return left.hostOffset() < 0
        ? right.hostOffset() < 0
        : left.hostOffset() + left.length() == right.hostOffset();
  }

  @Override
  public final long readHeld(GuestOffset at, ByteBuffer dst) throws IOException {
    if (at.bytes() > size || dst.remaining() > size - at.bytes()) {
      throw new IllegalArgumentException(
          "%s: range of %d bytes at %s is outside the disk of %d bytes"
              .formatted(name(), dst.remaining(), at, size));
    }
    if (!dst.hasRemaining()) {
      return 0;
    }
    LayerExtent extent = piece(at.bytes(), dst.remaining());
    int length = (int) extent.length();
    if (extent.kind() == ExtentKind.NONE) {
      return -length;
    }
    ByteBuffer part = dst.slice(dst.position(), length);
    switch (extent.kind()) {
      case DATA -> readData(extent, part);
      case COMPRESSED -> readCompressed(at.bytes(), part);
      default -> part.put(new byte[length]);
    }
    dst.position(dst.position() + length);
    return length;
  }

  @Override
  public final boolean writable() {
    return false;
  }

  @Override
  public final Storage storage() {
    return storage;
  }

  @Override
  public final int clusterSize() {
    return unit;
  }

  @Override
  public void close() throws IOException {
    storage.close();
  }
}
