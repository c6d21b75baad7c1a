// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import java.nio.ByteBuffer;

/// Zeros without end from one bounded buffer. Any thread may take some.
public final class Zeros {
  /// The largest piece handed out at once, in bytes.
  static final int PIECE = 1 << 18;

  private static final ByteBuffer SHARED = ByteBuffer.allocateDirect(PIECE).asReadOnlyBuffer();

  private Zeros() {}

  /// A buffer of its own position over `length` zeros, at most [#PIECE].
  static ByteBuffer piece(long length) {
    return SHARED.duplicate().limit((int) Math.min(length, PIECE));
  }

  /// Fills what is left of `dst`.
  public static void fill(ByteBuffer dst) {
    while (dst.hasRemaining()) {
      dst.put(piece(dst.remaining()));
    }
  }
}
