// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

import java.io.IOException;
import java.nio.ByteBuffer;

/// What a writer sees beneath the layer it changes: the rest of the chain, read-only.
public interface Below {
  /// Nothing beneath: all zero.
  Below NOTHING =
      new Below() {
        private static final byte[] ZEROS = new byte[8192];

        @Override
        public boolean isNothing() {
          return true;
        }

        @Override
        public void read(GuestOffset at, ByteBuffer dst) {
          while (dst.hasRemaining()) {
            dst.put(ZEROS, 0, Math.min(dst.remaining(), ZEROS.length));
          }
        }

        @Override
        public boolean readsAsZero(GuestOffset at, long length) {
          return true;
        }
      };

  /// True if there is no base at all.
  boolean isNothing();

  /// True if the base is longer than that, so that what a disk of this size grows by must be hidden
  /// from it. Whoever cannot tell says yes.
  default boolean reachesBehind(long size) {
    return !isNothing();
  }

  /// Fills `dst`; past the base's end it is zero.
  void read(GuestOffset at, ByteBuffer dst) throws IOException;

  /// True if the range is known to read as zero from the indexes alone, without reading data.
  boolean readsAsZero(GuestOffset at, long length) throws IOException;

  /// As [#readsAsZero], but without asking the host for holes in raw files.
  default boolean knownAsZero(GuestOffset at, long length) throws IOException {
    return readsAsZero(at, length);
  }
}
