// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerFormat;
import io.varve.image.Preallocation;
import io.varve.image.ReadOnlyImageException;
import io.varve.image.WritableLayer;
import io.varve.image.WritableLayer.ZeroMode;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/// A disk as a guest sees it: an active layer over its bases. Only the chain reads through layers;
/// a layer does not know what lies beneath it.
///
/// ```java
/// try (Chain disk = Chain.open(path, LayerFormat.QCOW2, ChainOptions.readWrite(gate))) {
///   disk.write(GuestOffset.of(4096), bytes);
///   disk.flush();
/// }
/// ```
///
/// **Threads.** Any thread, at the same time. A read sees every write that returned before it
/// began. Ranges that are written at the same time end as a mix of both, sector by sector.
///
/// **Durability.** As [WritableLayer] says: durable after the next [#flush()]. Closing flushes.
public final class Chain implements Closeable {
  private final LayerStack stack;
  private final Below below;

  private Chain(List<Layer> topFirst) {
    this.stack = new LayerStack(topFirst, 0);
    this.below =
        topFirst.size() == 1
            ? Below.NOTHING
            : new LayerStack(topFirst.subList(1, topFirst.size()), 1);
  }

  /// Opens an image and all its bases.
  ///
  /// @param top the active layer
  /// @param format its format, as the caller knows it; the file is never probed
  /// @throws io.varve.image.BackingChainException if a base is missing, refused by the gate, names
  ///   no format, is of another format, or the chain loops or is too deep
  /// @throws io.varve.image.ImageInUseException if another process holds a file of the chain
  public static Chain open(Path top, LayerFormat format, ChainOptions options) throws IOException {
    return new Chain(ChainOpener.open(top, format, options));
  }

  /// A chain of layers that are open already; closing the chain closes them.
  ///
  /// @param topFirst at least one layer, the active one first
  public static Chain of(List<Layer> topFirst) {
    if (topFirst.isEmpty()) {
      throw new IllegalArgumentException("a chain has at least one layer");
    }
    return new Chain(topFirst);
  }

  /// The layers, the active one first.
  public List<Layer> layers() {
    return stack.layers();
  }

  public Layer top() {
    return stack.layers().getFirst();
  }

  /// Size of the disk, bytes. What lies beneath the top layer.
  public Below below() {
    return below;
  }

  public long size() {
    return top().size();
  }

  public boolean writable() {
    return top().writable();
  }

  /// Fills `dst`; the range must lie inside the disk.
  public void read(GuestOffset at, ByteBuffer dst) throws IOException {
    requireInside(at, dst.remaining());
    stack.read(at, dst);
  }

  /// Writes all of `src`; the range must lie inside the disk.
  public void write(GuestOffset at, ByteBuffer src) throws IOException {
    requireInside(at, src.remaining());
    active().write(at, src, below);
  }

  /// Makes the range read as zero.
  public void zero(GuestOffset at, long length, ZeroMode mode) throws IOException {
    requireInside(at, length);
    active().zero(at, length, mode, below);
  }

  /// Says that the guest no longer needs the range; see [WritableLayer#discard].
  public void discard(GuestOffset at, long length) throws IOException {
    requireInside(at, length);
    active().discard(at, length, below);
  }

  /// Makes all changes durable that returned before this call.
  public void flush() throws IOException {
    active().flush();
  }

  /// Sets the size of the disk, a multiple of 512 bytes; growth reads as zero. The bases keep
  /// theirs.
  public void resize(long newSize) throws IOException {
    active().resize(newSize, below);
  }

  /// As [#resize(long)], and sets something aside for the data to come in what the disk grows by.
  public void resize(long newSize, Preallocation ahead) throws IOException {
    active().resize(newSize, below, ahead);
  }

  /// Who answers for the beginning of the range, and where it lies.
  ///
  /// @param maxLength bytes, above zero; the answer may cover less
  public ChainExtent where(GuestOffset at, long maxLength) throws IOException {
    if (maxLength <= 0) {
      throw new IllegalArgumentException("a range has at least one byte");
    }
    requireInside(at, 1);
    return stack.where(at.bytes(), Math.min(maxLength, size() - at.bytes()));
  }

  /// True if the range reads as zero by the indexes alone.
  public boolean readsAsZero(GuestOffset at, long length) throws IOException {
    requireInside(at, length);
    return stack.readsAsZero(at, length);
  }

  private WritableLayer active() throws ReadOnlyImageException {
    if (top() instanceof WritableLayer layer && layer.writable()) {
      return layer;
    }
    throw new ReadOnlyImageException(top().name() + ": the disk is open read-only");
  }

  private void requireInside(GuestOffset at, long length) {
    if (length < 0 || at.bytes() > size() || length > size() - at.bytes()) {
      throw new IllegalArgumentException(
          "%s: range of %d bytes at %#x is outside the disk of %d bytes"
              .formatted(top().name(), length, at.bytes(), size()));
    }
  }

  /// Flushes the active layer and closes every file. All are closed even if one fails.
  @Override
  public void close() throws IOException {
    ChainOpener.closeAll(layers());
  }
}
