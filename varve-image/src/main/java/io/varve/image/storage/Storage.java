// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Where the bytes of one layer lie: a file, a block device, memory. It knows nothing of formats.
///
/// All positions and lengths are bytes, positions are host offsets (from the start of the file).
///
/// **Guarantees.** A read returns the newest completed write. Bytes past the end, and holes, read
/// as zero. After [#flush()] returns, every write, zero, punch and truncate that had returned
/// before `flush` was called survives a crash of the machine.
///
/// **Non-guarantees.** Without a flush nothing survives a crash, and what survives may be any
/// subset of the 512-byte sectors written since the last one, in any order. Writes of more than one
/// sector are not atomic; a write inside one 512-byte sector is.
///
/// **Threads.** Every method may be called from any thread at the same time; overlapping writes
/// that run at the same time leave either's bytes in each sector. Callers use platform threads for
/// disk work. After `close` every method throws `ClosedChannelException`.
///
/// **Errors.** A full store throws [NoSpaceException]; a store that was opened read-only throws
/// [ReadOnlyStorageException] from every mutating method; everything else is an `IOException` whose
/// message begins with [#name()].
public interface Storage extends Closeable {
  /// The name that messages carry: a path as the user knows it.
  String name();

  /// Length in bytes now; for a block device its fixed size.
  long size() throws IOException;

  /// Fills `dst` from `position` on; bytes past the end of the storage are zero.
  void read(long position, ByteBuffer dst) throws IOException;

  /// Writes all of `src` at `position`, growing the storage where it ends earlier.
  void write(long position, ByteBuffer src) throws IOException;

  /// Makes everything durable that returned before this call (fdatasync).
  void flush() throws IOException;

  /// Sets the length: cuts, or grows with zeros. A fixed-size storage refuses growth with
  /// [NoSpaceException] and ignores a cut.
  void truncate(long size) throws IOException;

  /// Gives the space of whole blocks in the range back to the store; the range reads as zero after.
  /// Returns false, having changed nothing, where the store cannot punch holes.
  boolean punch(long position, long length) throws IOException;

  /// Makes the range read as zero, by the cheapest way that the store has (it may stay allocated).
  /// The storage grows where it ends earlier.
  void zero(long position, long length) throws IOException;

  /// Makes the store spend space on the range, which keeps what it holds; what was never written
  /// there reads as zero. The storage grows where it ends earlier. A store that knows no such thing
  /// grows only.
  default void reserve(long position, long length) throws IOException {
    if (!capabilities().fixedSize() && size() < position + length) {
      truncate(position + length);
    }
  }

  /// Makes the range read as zero and the store spend space on it, in one call where it can.
  default void zeroReserved(long position, long length) throws IOException {
    zero(position, length);
    reserve(position, length);
  }

  /// Bytes that the store spends on this storage now (`st_blocks * 512`).
  long allocatedBytes() throws IOException;

  /// The first stretch of data (not a hole) at or after `position`, or null where none follows. A
  /// store that cannot tell answers with everything up to its end.
  @org.jspecify.annotations.Nullable
  DataRange nextData(long position) throws IOException;

  /// What this storage can do; constant for its lifetime.
  StorageCapabilities capabilities();

  boolean readOnly();

  /// Says what the owner is about to do, for a storage that tests how its owner takes failures; it
  /// may take its time. Any other storage ignores it.
  default void announce(StorageEvent event) {}

  /// Closes without flushing. Idempotent.
  @Override
  void close() throws IOException;

  /// A stretch of data in a storage.
  ///
  /// @param position host offset of its first byte
  /// @param length bytes, above zero
  record DataRange(long position, long length) {}
}
