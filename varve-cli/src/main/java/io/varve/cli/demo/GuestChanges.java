// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.demo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Finds what a guest changed: the blocks in which two raw images differ. Writing those into a disk
/// does to it what the guest's own writes would have done.
final class GuestChanges {
  /// Takes the changed bytes of the disk, in rising order.
  @FunctionalInterface
  interface Writer {
    void write(long offset, ByteBuffer bytes) throws IOException;
  }

  /// How much was changed.
  ///
  /// @param writes stretches of neighbouring blocks
  /// @param bytes their length
  record Extent(int writes, long bytes) {}

  private static final int BLOCK = 4096;
  private static final int CHUNK = 1 << 20;

  private GuestChanges() {}

  /// Gives every stretch that differs, as it is in `after`, to `writer`.
  static Extent apply(Path before, Path after, Writer writer) throws IOException {
    ByteBuffer old = ByteBuffer.allocate(CHUNK);
    ByteBuffer now = ByteBuffer.allocate(CHUNK);
    int writes = 0;
    long bytes = 0;
    try (FileChannel a = FileChannel.open(before, StandardOpenOption.READ);
        FileChannel b = FileChannel.open(after, StandardOpenOption.READ)) {
      if (a.size() != b.size()) {
        throw new IOException(before + " and " + after + " differ in size");
      }
      for (long at = 0; at < b.size(); at += CHUNK) {
        fill(a, old, at);
        fill(b, now, at);
        int end = now.limit();
        for (int start = differs(old, now, 0, end); start < end; ) {
          int stop = same(old, now, start, end);
          writer.write(at + start, now.slice(start, stop - start));
          writes++;
          bytes += stop - start;
          start = differs(old, now, stop, end);
        }
      }
    }
    return new Extent(writes, bytes);
  }

  private static void fill(FileChannel from, ByteBuffer to, long at) throws IOException {
    to.clear();
    while (to.hasRemaining() && from.read(to, at + to.position()) >= 0) {
      // Until the chunk is full or the file ends.
    }
    to.flip();
  }

  /// The first block from `from` on that differs, or `end`.
  private static int differs(ByteBuffer a, ByteBuffer b, int from, int end) {
    int at = from;
    while (at < end && equal(a, b, at, end)) {
      at += BLOCK;
    }
    return Math.min(at, end);
  }

  /// The first block from `from` on that is the same, or `end`.
  private static int same(ByteBuffer a, ByteBuffer b, int from, int end) {
    int at = from;
    while (at < end && !equal(a, b, at, end)) {
      at += BLOCK;
    }
    return Math.min(at, end);
  }

  private static boolean equal(ByteBuffer a, ByteBuffer b, int at, int end) {
    int length = Math.min(BLOCK, end - at);
    return a.slice(at, length).equals(b.slice(at, length));
  }
}
