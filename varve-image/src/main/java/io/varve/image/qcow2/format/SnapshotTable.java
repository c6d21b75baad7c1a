// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import static io.varve.image.qcow2.format.Qcow2FormatException.corrupt;
import static io.varve.image.qcow2.format.Qcow2FormatException.truncated;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// The snapshot table: entries of varying length, one behind the other, each on a multiple of 8.
public final class SnapshotTable {
  private static final String STRUCTURE = "snapshot table";

  /// Read at once while the end of the table is not known.
  private static final int STEP = 64 << 10;

  /// Where the bytes come from; `Storage::read` is one.
  @FunctionalInterface
  public interface Source {
    /// Fills `dst` from this host offset on.
    void read(long position, ByteBuffer dst) throws IOException;
  }

  /// A table as it was found.
  ///
  /// @param length bytes in the file, padding included
  /// @param incomplete entries without a disk size, which version 3 asks for
  public record Loaded(List<SnapshotEntry> entries, long length, int incomplete) {}

  private SnapshotTable() {}

  /// Reads the table that the header names. Memory and time are bounded by the file's length, by
  /// the number of entries and by 64 MiB, whatever the header says.
  ///
  /// @param fileSize length of the file in bytes: a table that reaches past it is truncated
  public static Loaded load(Source source, Header header, long fileSize) throws IOException {
    Window window = new Window(source, header.snapshotsOffset(), fileSize);
    List<SnapshotEntry> entries = new ArrayList<>();
    int incomplete = 0;
    for (int i = 0; i < header.snapshotCount(); i++) {
      SnapshotEntry entry = window.next(i);
      incomplete += header.version() >= 3 && entry.diskSize() < 0 ? 1 : 0;
      entries.add(entry);
    }
    return new Loaded(List.copyOf(entries), window.at - header.snapshotsOffset(), incomplete);
  }

  /// Parses `count` entries from the position of `src`.
  public static List<SnapshotEntry> parse(ByteBuffer src, int count) throws Qcow2FormatException {
    List<SnapshotEntry> entries = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      entries.add(SnapshotEntry.parse(src, src.position(), i));
    }
    return entries;
  }

  /// The table's bytes, empty for no snapshots.
  ///
  /// @param currentSize size of the disk, for entries that have none of their own
  /// @throws Qcow2FormatException UNSUPPORTED beyond 65536 snapshots or 64 MiB
  public static byte[] encode(List<SnapshotEntry> entries, long currentSize)
      throws Qcow2FormatException {
    long length = entries.stream().mapToLong(SnapshotEntry::encodedLength).sum();
    if (entries.size() > Limits.MAX_SNAPSHOTS || length > Limits.MAX_SNAPSHOT_TABLE_BYTES) {
      throw Qcow2FormatException.unsupported(
          STRUCTURE,
          0,
          "an image holds at most 65536 snapshots in 64 MiB; delete some before taking another");
    }
    ByteBuffer out = ByteBuffer.allocate((int) length);
    entries.forEach(entry -> entry.encode(out, currentSize));
    return out.array();
  }

  /// The piece of the table that is in memory.
  private static final class Window {
    private final Source source;
    private final long start;
    private final long fileSize;
    private long at;
    private ByteBuffer bytes = ByteBuffer.allocate(0);

    Window(Source source, long start, long fileSize) {
      this.source = source;
      this.start = start;
      this.at = start;
      this.fileSize = fileSize;
    }

    SnapshotEntry next(int index) throws IOException {
      require(SnapshotEntry.FIXED_LENGTH);
      int length = SnapshotEntry.lengthOf(bytes, at, index);
      if (at - start + length > Limits.MAX_SNAPSHOT_TABLE_BYTES) {
        throw corrupt(STRUCTURE, at, "Snapshot table is too big", "at most 64 MiB", "more");
      }
      require(length);
      SnapshotEntry entry = SnapshotEntry.parse(bytes, at, index);
      at += length;
      return entry;
    }

    private void require(int length) throws IOException {
      if (bytes.remaining() >= length) {
        return;
      }
      long left = Math.max(0, fileSize - at);
      if (left < SnapshotEntry.FIXED_LENGTH) {
        throw truncated(STRUCTURE, at, length, left);
      }
      // The last entry's padding may lie past the end of the file; it reads as zero there.
      int fill = (int) Math.max(length, Math.min(STEP, left));
      if (length > HeaderExtension.padded((int) Math.min(left, 1 << 30))) {
        throw truncated(STRUCTURE, at, length, left);
      }
      ByteBuffer next = ByteBuffer.allocate(fill);
      source.read(at, next);
      bytes = next.flip();
    }
  }
}
