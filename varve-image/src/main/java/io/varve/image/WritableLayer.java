// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

import java.io.IOException;
import java.nio.ByteBuffer;

/// A layer that takes changes: the active layer of a chain.
///
/// What lies beneath is handed in with each call, because a layer knows no base: it is needed to
/// fill the rest of a cluster on its first partial write, and to know whether giving a cluster up
/// would let old data show through.
///
/// **Durability.** A change is visible to reads at once and durable after the next [#flush()]. A
/// crash loses at most what was not flushed, leaks clusters at worst, and never leaves a reference
/// to a cluster that is not counted (ARCHITECTURE.md, flush order).
public interface WritableLayer extends Layer {
  /// Writes all of `src` at `at`; the range must end within [#size()].
  void write(GuestOffset at, ByteBuffer src, Below below) throws IOException;

  /// Makes the range read as zero. Clusters stay reserved with [ZeroMode#KEEP], go back to the
  /// store with [ZeroMode#UNMAP].
  void zero(GuestOffset at, long length, ZeroMode mode, Below below) throws IOException;

  /// Says that the guest no longer needs the range: whole clusters in it read as zero after and
  /// their space goes back to the store; partial ones are left alone. A format that cannot express
  /// that (qcow2 version 2 over a base) leaves the range as it is.
  void discard(GuestOffset at, long length, Below below) throws IOException;

  /// Makes all changes durable that returned before this call.
  void flush() throws IOException;

  /// Sets the disk's size in bytes, a multiple of 512. Growth reads as zero, whatever lies beneath.
  /// Shrinking drops what lay behind the new end.
  void resize(long newSize, Below below) throws IOException;

  /// Sets the disk's size as [#resize(long, Below)], and sets something aside for the data to come
  /// in what it grows by.
  ///
  /// @throws UnsupportedImageException if the format does not know that kind of preallocation
  void resize(long newSize, Below below, Preallocation ahead) throws IOException;

  /// Whether zeroed clusters stay reserved on the host.
  enum ZeroMode {
    KEEP,
    UNMAP
  }
}
