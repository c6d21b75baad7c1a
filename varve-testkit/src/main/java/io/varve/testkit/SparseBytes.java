// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// A sparse run of bytes that forks in next to no time: pages are shared until one side writes.
/// Thousands of crash images of one file therefore cost little more than their differences.
///
/// A page that was never written, or was zeroed whole, is a hole. **Threads:** one at a time, and a
/// fork is independent of its origin.
public final class SparseBytes {
  /// Bytes in a page, the unit of holes and of copying.
  public static final int PAGE = 4096;

  private static final int CHUNK_PAGES = 128;

  /// A run of pages. A page may be written in place only by the owner that created or copied it.
  private static final class Chunk {
    final long owner;
    final byte[] @Nullable [] pages;
    final boolean[] owned;

    Chunk(long owner, byte[] @Nullable [] pages) {
      this.owner = owner;
      this.pages = pages;
      this.owned = new boolean[CHUNK_PAGES];
    }
  }

  private static final AtomicLong OWNERS = new AtomicLong();

  private final NavigableMap<Long, Chunk> chunks;
  private long owner = OWNERS.incrementAndGet();
  private long size;

  public SparseBytes() {
    this(new TreeMap<>(), 0);
  }

  private SparseBytes(NavigableMap<Long, Chunk> chunks, long size) {
    this.chunks = chunks;
    this.size = size;
  }

  /// A copy of the file's bytes; pages of zeros become holes.
  public static SparseBytes load(Path file) throws IOException {
    SparseBytes bytes = new SparseBytes();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer page = ByteBuffer.allocate(PAGE);
      byte[] zeros = new byte[PAGE];
      long position = 0;
      while (channel.read(page.clear(), position) > 0) {
        page.flip();
        if (!Arrays.equals(page.array(), 0, page.limit(), zeros, 0, page.limit())) {
          bytes.write(position, page.duplicate());
        }
        position += page.limit();
      }
      bytes.truncate(channel.size());
    }
    return bytes;
  }

  /// Writes the bytes as a sparse file, replacing what is there.
  public void save(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      for (Map.Entry<Long, Chunk> entry : chunks.entrySet()) {
        byte[] @Nullable [] pages = entry.getValue().pages;
        for (int i = 0; i < CHUNK_PAGES; i++) {
          byte[] page = pages[i];
          if (page != null) {
            long position = (entry.getKey() * CHUNK_PAGES + i) * PAGE;
            int length = (int) Math.min(PAGE, size - position);
            writeFully(channel, position, ByteBuffer.wrap(page, 0, length));
          }
        }
      }
      if (channel.size() < size) {
        channel.write(ByteBuffer.allocate(1), size - 1);
      }
    }
  }

  private static void writeFully(FileChannel channel, long position, ByteBuffer src)
      throws IOException {
    long at = position;
    while (src.hasRemaining()) {
      at += channel.write(src, at);
    }
  }

  public long size() {
    return size;
  }

  /// An independent copy that shares all pages until either side changes them.
  public SparseBytes fork() {
    owner = OWNERS.incrementAndGet();
    return new SparseBytes(new TreeMap<>(chunks), size);
  }

  /// Fills `dst`; past the end is zero.
  public void read(long position, ByteBuffer dst) {
    long at = position;
    while (dst.hasRemaining()) {
      int inPage = (int) (at % PAGE);
      int length = Math.min(PAGE - inPage, dst.remaining());
      byte[] page = page(at / PAGE);
      if (page == null) {
        dst.put(new byte[length]);
      } else {
        dst.put(page, inPage, length);
      }
      at += length;
    }
  }

  /// The bytes of a range.
  public byte[] bytes(long position, int length) {
    ByteBuffer dst = ByteBuffer.allocate(length);
    read(position, dst);
    return dst.array();
  }

  public void write(long position, ByteBuffer src) {
    if (!src.hasRemaining()) {
      return;
    }
    long at = position;
    size = Math.max(size, Math.addExact(position, src.remaining()));
    while (src.hasRemaining()) {
      int inPage = (int) (at % PAGE);
      int length = Math.min(PAGE - inPage, src.remaining());
      src.get(writablePage(at / PAGE), inPage, length);
      at += length;
    }
  }

  /// Zeroes a range; whole pages become holes. The end moves out to the range's end.
  public void zero(long position, long length) {
    if (length == 0) {
      return;
    }
    size = Math.max(size, Math.addExact(position, length));
    clear(position, length);
  }

  /// Makes a range what it is in `from`, holes included.
  public void copy(SparseBytes from, long position, long length) {
    zero(position, length);
    long end = position + length;
    for (long at = from.next(position, true); at < Math.min(end, from.size()); ) {
      int part = (int) Math.min((at / PAGE + 1) * PAGE - at, Math.min(end, from.size()) - at);
      write(at, ByteBuffer.wrap(from.bytes(at, part)));
      at = from.next(at + part, true);
    }
  }

  /// Sets the size; what is cut off reads as zero if the size grows again.
  public void truncate(long newSize) {
    if (newSize < size) {
      // To the end of the last page, so that no page stays behind the end.
      clear(newSize, Math.ceilDiv(size, PAGE) * PAGE - newSize);
      chunks.tailMap(Math.ceilDiv(newSize, (long) CHUNK_PAGES * PAGE), true).clear();
    }
    size = newSize;
  }

  /// Bytes in pages that hold data.
  public long allocatedBytes() {
    long pages = 0;
    for (Chunk chunk : chunks.values()) {
      for (byte[] page : chunk.pages) {
        pages += page == null ? 0 : 1;
      }
    }
    return pages * PAGE;
  }

  /// The position of the first byte at or after `position` that lies in a page with data (`data`)
  /// or in a hole, within the size; the size where none follows.
  public long next(long position, boolean data) {
    long at = position;
    while (at < size) {
      Map.Entry<Long, Chunk> ahead = chunks.ceilingEntry(at / PAGE / CHUNK_PAGES);
      long chunkStart = ahead == null ? Long.MAX_VALUE : ahead.getKey() * CHUNK_PAGES * (long) PAGE;
      if (at < chunkStart) {
        if (!data) {
          return at;
        }
        at = Math.min(size, chunkStart);
      } else if ((page(at / PAGE) != null) == data) {
        return at;
      } else {
        at = (at / PAGE + 1) * PAGE;
      }
    }
    return size;
  }

  private byte @Nullable [] page(long index) {
    Chunk chunk = chunks.get(index / CHUNK_PAGES);
    return chunk == null ? null : chunk.pages[(int) (index % CHUNK_PAGES)];
  }

  private byte[] writablePage(long index) {
    Chunk chunk = writableChunk(index / CHUNK_PAGES);
    int slot = (int) (index % CHUNK_PAGES);
    byte[] page = chunk.pages[slot];
    if (page == null) {
      page = new byte[PAGE];
    } else if (!chunk.owned[slot]) {
      page = page.clone();
    }
    chunk.pages[slot] = page;
    chunk.owned[slot] = true;
    return page;
  }

  private Chunk writableChunk(long index) {
    Chunk chunk = chunks.get(index);
    if (chunk == null) {
      chunk = new Chunk(owner, new byte[CHUNK_PAGES][]);
      chunks.put(index, chunk);
    } else if (chunk.owner != owner) {
      chunk = new Chunk(owner, chunk.pages.clone());
      chunks.put(index, chunk);
    }
    return chunk;
  }

  private void clear(long position, long length) {
    long end = position + length;
    long at = next(position, true);
    while (at < Math.min(end, size)) {
      int inPage = (int) (at % PAGE);
      int part = (int) Math.min(PAGE - inPage, end - at);
      if (part == PAGE) {
        writableChunk(at / PAGE / CHUNK_PAGES).pages[(int) (at / PAGE % CHUNK_PAGES)] = null;
      } else {
        Arrays.fill(writablePage(at / PAGE), inPage, inPage + part, (byte) 0);
      }
      at = next(at + part, true);
    }
  }
}
