// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Native memory of one thread: for structs and paths that calls take, and the buffer through which
/// heap arrays travel. It lives as long as the thread and is freed by the collector.
///
/// Plain direct buffers, because the first steps of a program with memory segments are slow.
final class Scratch {
  /// Bytes that fit every struct used here (`struct statx` is the largest).
  static final int STRUCT_BYTES = 256;

  /// The largest piece that one copy through the buffer moves.
  static final int TRANSFER_MAX = 1 << 20;

  private static final int TRANSFER_MIN = 1 << 14;
  private static final int PAGE = 4096;
  private static final byte[] ZEROS = new byte[STRUCT_BYTES];
  private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

  private final ByteBuffer struct =
      ByteBuffer.allocateDirect(STRUCT_BYTES).order(ByteOrder.nativeOrder());
  private final long structAddress = address(struct);
  private ByteBuffer transfer = ByteBuffer.allocateDirect(0);
  private long transferAddress;

  static Scratch get() {
    return OF_THREAD.get();
  }

  /// Zeroed memory for one struct, in the byte order of the machine; the next call of this method
  /// hands it out again.
  ByteBuffer struct() {
    return struct.put(0, ZEROS);
  }

  long structAddress() {
    return structAddress;
  }

  /// A page-aligned buffer of at least `count` bytes, at most [#TRANSFER_MAX]. To be used from its
  /// start by absolute positions; the next call may hand it out again.
  ByteBuffer transfer(int count) {
    if (transfer.capacity() < count) {
      int size = Math.max(TRANSFER_MIN, Integer.highestOneBit(Math.max(1, count - 1)) << 1);
      transfer = ByteBuffer.allocateDirect(size + PAGE - 1).alignedSlice(PAGE);
      transferAddress = address(transfer);
    }
    return transfer;
  }

  /// Where the buffer of the last [#transfer(int)] starts.
  long transferAddress() {
    return transferAddress;
  }

  /// Where the next byte of a direct buffer lies. The caller keeps the buffer reachable until the
  /// call is done.
  static long address(ByteBuffer direct) {
    return MemorySegment.ofBuffer(direct).address();
  }
}
