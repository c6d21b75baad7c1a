// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.image.GuestOffset;
import io.varve.image.LayerFormat;
import io.varve.image.Preallocation;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.VmState;
import io.varve.img.ImgException;
import io.varve.img.open.ImageResize;
import io.varve.img.open.OpenedImage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/// An open image as a guest's disk: requests are checked against its size, and failures are what a
/// guest would see.
///
/// Requests may be larger than memory: they go through in pieces, whose ends lie between clusters.
final class Device implements Closeable {
  /// At least a cluster of any image, so that whole clusters stay whole.
  static final int PIECE = 2 << 20;

  /// Takes the bytes of a read, piece by piece.
  interface Sink {
    void take(byte[] bytes, int length) throws IOException;
  }

  /// Gives the bytes of a write, piece by piece.
  interface Source {
    void fill(byte[] bytes, int length) throws IOException;
  }

  private final OpenedImage image;
  private final Chain chain;
  private final OpenMode mode;
  private final boolean probed;
  private final CopyOnRead copyOnRead;
  private boolean guessed;

  /// @param chain the image's own, or with a scratch file over it
  /// @param probed nobody said the format
  Device(OpenedImage image, Chain chain, OpenMode mode, boolean probed) {
    this.image = image;
    this.chain = chain;
    this.mode = mode;
    this.probed = probed;
    this.copyOnRead = new CopyOnRead(chain);
  }

  OpenedImage image() {
    return image;
  }

  OpenMode mode() {
    return mode;
  }

  Chain chain() {
    return chain;
  }

  boolean writable() {
    return mode.writable();
  }

  long size() {
    return chain.size();
  }

  void read(long offset, long length, Sink sink) throws IOException {
    requireInside(offset, length);
    if ((mode.copyOnRead() || image.copyOnRead()) && writable()) {
      copyOnRead.fetch(offset, length);
    }
    byte[] bytes = new byte[pieceSize(length)];
    for (long at = offset; at < offset + length; ) {
      int piece = piece(at, offset + length);
      chain.read(GuestOffset.of(at), ByteBuffer.wrap(bytes, 0, piece));
      sink.take(bytes, piece);
      at += piece;
    }
  }

  /// True if a read of this range is answered by the index alone, without asking a file.
  boolean readsAtOnce(long offset, long length) throws IOException {
    requireInside(offset, length);
    return chain.top() instanceof Qcow2Layer
        && (length == 0 || chain.readsAsZero(GuestOffset.of(offset), length));
  }

  /// @param durable the data is on disk when this returns
  void write(long offset, long length, Source source, boolean durable) throws IOException {
    requireInside(offset, length);
    byte[] bytes = new byte[pieceSize(length)];
    for (long at = offset; at < offset + length; ) {
      int piece = piece(at, offset + length);
      source.fill(bytes, piece);
      requireNoOtherFormat(at, bytes, piece);
      chain.write(GuestOffset.of(at), ByteBuffer.wrap(bytes, 0, piece));
      at += piece;
    }
    settle(durable);
  }

  void writeCompressed(long offset, long length, Source source) throws IOException {
    requireInside(offset, length);
    new CompressedWrite(chain).write(offset, length, source);
    settle(false);
  }

  /// @param unmap give the space back to the store
  /// @param onlyFast fail where zeros would have to be written
  void zero(long offset, long length, boolean unmap, boolean onlyFast, boolean durable)
      throws IOException {
    requireInside(offset, length);
    ZeroMode how = unmap && mode.unmap() ? ZeroMode.UNMAP : ZeroMode.KEEP;
    if (onlyFast) {
      new FastZero(chain, how).zero(offset, length);
    } else {
      chain.zero(GuestOffset.of(offset), length, how);
    }
    settle(durable);
  }

  void discard(long offset, long length) throws IOException {
    requireInside(offset, length);
    if (mode.unmap()) {
      chain.discard(GuestOffset.of(offset), length);
    }
  }

  void flush() throws IOException {
    if (writable() && !mode.unsafe()) {
      chain.flush();
    }
  }

  /// Sets the size of the disk.
  ///
  /// @param ahead what is set aside for the data to come
  void resize(long size, Preallocation ahead) throws ImgException, IOException {
    if (ahead != Preallocation.OFF && size < size() && chain.top() instanceof Qcow2Layer) {
      throw new ImgException("Preallocation can't be used for shrinking an image");
    }
    ImageResize.run(chain, size, ahead);
  }

  /// Reads from the area behind the disk, which holds the state of a virtual machine.
  void readVmState(long offset, long length, Sink sink) throws IOException {
    VmState state = vmState();
    byte[] bytes = new byte[pieceSize(length)];
    for (long at = offset; at < offset + length; ) {
      int piece = piece(at, offset + length);
      state.read(at, ByteBuffer.wrap(bytes, 0, piece));
      sink.take(bytes, piece);
      at += piece;
    }
  }

  void writeVmState(long offset, long length, Source source) throws IOException {
    VmState state = vmState();
    byte[] bytes = new byte[pieceSize(length)];
    for (long at = offset; at < offset + length; ) {
      int piece = piece(at, offset + length);
      source.fill(bytes, piece);
      state.write(at, ByteBuffer.wrap(bytes, 0, piece));
      at += piece;
    }
    settle(false);
  }

  private VmState vmState() throws DeviceException {
    if (chain.top() instanceof Qcow2Layer layer) {
      return layer.vmState();
    }
    throw new DeviceException(DeviceException.UNSUPPORTED);
  }

  /// Length of the stretch at `offset`, all of which the image itself holds or does not hold; as a
  /// negative number if it does not.
  long held(long offset, long most) throws IOException {
    if (!guessed) {
      // Its answer is of no use here; QEMU asks all the same, and tells of the damage it meets.
      guessed = true;
      chain.top().seemsPreallocated();
    }
    return Held.stretch(chain.top(), offset, most);
  }

  private void settle(boolean durable) throws IOException {
    if ((durable || mode.writethrough()) && !mode.unsafe()) {
      chain.flush();
    }
  }

  /// What was taken for raw by its looks may not become another format by a write.
  private void requireNoOtherFormat(long at, byte[] bytes, int length) throws DeviceException {
    if (at == 0
        && probed
        && chain.top().format() == LayerFormat.RAW
        && KnownMagic.begins(bytes, length)) {
      throw new DeviceException(DeviceException.NOT_PERMITTED);
    }
  }

  private void requireInside(long offset, long length) throws DeviceException {
    if (offset > size() || length > size() - offset) {
      throw new DeviceException(DeviceException.IO_ERROR);
    }
  }

  private static int pieceSize(long length) {
    return (int) Math.min(length, PIECE);
  }

  private static int piece(long at, long end) {
    return (int) Math.min(end - at, PIECE - at % PIECE);
  }

  @Override
  public void close() throws IOException {
    chain.close();
  }
}
