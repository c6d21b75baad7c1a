// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// Native memory of one thread: where `errno` is caught, structs for calls, and the buffer through
/// which heap arrays travel. It lives as long as the thread and is freed by the collector.
final class Scratch {
  /// Bytes that fit every struct used here (`struct statx` is the largest).
  static final long STRUCT_BYTES = 256;

  /// The largest piece that one copy through the buffer moves.
  static final int TRANSFER_MAX = 1 << 20;

  private static final int TRANSFER_MIN = 1 << 14;
  private static final long PAGE = 4096;
  private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

  private final MemorySegment errno = Arena.ofAuto().allocate(LibC.ERRNO_STATE);
  private final MemorySegment struct = Arena.ofAuto().allocate(STRUCT_BYTES, 8);
  private MemorySegment transfer = MemorySegment.NULL;

  static Scratch get() {
    return OF_THREAD.get();
  }

  /// Where a call leaves its error number.
  MemorySegment errno() {
    return errno;
  }

  /// Zeroed memory for one struct; the next call of this method hands it out again.
  MemorySegment struct() {
    return struct.fill((byte) 0);
  }

  /// A page-aligned buffer of `count` bytes, at most [#TRANSFER_MAX].
  MemorySegment transfer(int count) {
    if (transfer.byteSize() < count) {
      int size = Math.max(TRANSFER_MIN, Integer.highestOneBit(Math.max(1, count - 1)) << 1);
      transfer = Arena.ofAuto().allocate(size, PAGE);
    }
    return transfer;
  }

  /// The native memory behind a direct buffer from its position to its limit.
  static MemorySegment direct(ByteBuffer buffer) {
    return MemorySegment.ofBuffer(buffer);
  }
}
