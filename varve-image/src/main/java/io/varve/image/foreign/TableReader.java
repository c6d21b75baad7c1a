// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;

/// Numbers of a table in a file, read by pages when they are asked for: a table may claim to be far
/// longer than memory. What lies behind the end of the file is zero.
///
/// **Threads.** Any, at the same time.
final class TableReader {
  private static final int PAGE = 4096;
  private static final int PAGES = 1024;

  private final Storage storage;
  private final ByteOrder order;
  private final Map<Long, ByteBuffer> pages =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, ByteBuffer> eldest) {
          return size() > PAGES;
        }
      };

  TableReader(Storage storage, ByteOrder order) {
    this.storage = storage;
    this.order = order;
  }

  /// The unsigned 32-bit number at a position.
  long int32(long position) throws IOException {
    int in = (int) (position % PAGE);
    return in <= PAGE - Integer.BYTES
        ? page(position / PAGE).getInt(in) & 0xffff_ffffL
        : direct(position, Integer.BYTES).getInt(0) & 0xffff_ffffL;
  }

  /// The 64-bit number at a position.
  long int64(long position) throws IOException {
    int in = (int) (position % PAGE);
    return in <= PAGE - Long.BYTES
        ? page(position / PAGE).getLong(in)
        : direct(position, Long.BYTES).getLong(0);
  }

  private ByteBuffer direct(long position, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(order);
    storage.read(position, bytes);
    return bytes;
  }

  private synchronized ByteBuffer page(long index) throws IOException {
    ByteBuffer page = pages.get(index);
    if (page == null) {
      page = ByteBuffer.allocate(PAGE).order(order);
      storage.read(index * PAGE, page);
      pages.put(index, page);
    }
    return page;
  }
}
