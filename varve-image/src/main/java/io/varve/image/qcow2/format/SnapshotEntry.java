// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import static io.varve.image.qcow2.format.Qcow2FormatException.corrupt;
import static io.varve.image.qcow2.format.Qcow2FormatException.truncated;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// One internal snapshot in the snapshot table (spec: "Snapshots").
///
/// | bytes | field |
/// |---|---|
/// | 0-7 | offset of the snapshot's L1 table |
/// | 8-11 | entries of that table |
/// | 12-13, 14-15 | length of the id, of the name |
/// | 16-19, 20-23 | time: seconds since 1970 UTC, nanoseconds |
/// | 24-31 | running time of the guest, nanoseconds |
/// | 32-35 | size of the VM state, 0 where it needs 64 bits |
/// | 36-39 | length of the extra data |
/// | 40.. | extra data: VM state size (8), disk size (8), icount (8), then what nobody knows |
/// | .. | id, name, zeros up to a multiple of 8 |
///
/// @param l1Offset host offset, cluster aligned
/// @param idBytes decimal digits in practice; [#id()]
/// @param nameBytes any bytes; [#name()]
/// @param seconds unsigned 32 bits
/// @param vmStateSize bytes, 0: the snapshot holds no VM state
/// @param diskSize bytes when the snapshot was taken, -1 where the entry does not say
/// @param icount instructions that the guest had run, -1 where the entry does not say
/// @param unknownExtra extra data beyond 24 bytes
public record SnapshotEntry(
    long l1Offset,
    int l1Size,
    Bytes idBytes,
    Bytes nameBytes,
    int seconds,
    int nanos,
    long vmClock,
    long vmStateSize,
    long diskSize,
    long icount,
    Bytes unknownExtra) {

  /// Bytes before the extra data.
  public static final int FIXED_LENGTH = 40;

  /// Extra data that Varve knows and writes.
  static final int KNOWN_EXTRA = 24;

  private static final String STRUCTURE = "snapshot table";
  private static final int MAX_TEXT = 65535;

  public SnapshotEntry {
    if (idBytes.length() > MAX_TEXT || nameBytes.length() > MAX_TEXT) {
      throw new IllegalArgumentException("id and name have at most " + MAX_TEXT + " bytes");
    }
  }

  /// A new snapshot without VM state.
  public static SnapshotEntry of(
      long l1Offset, int l1Size, String id, String name, int seconds, int nanos, long diskSize) {
    return new SnapshotEntry(
        l1Offset,
        l1Size,
        Bytes.utf8(id),
        Bytes.utf8(name),
        seconds,
        nanos,
        0,
        0,
        diskSize,
        -1,
        Bytes.EMPTY);
  }

  public String id() {
    return idBytes.untilNul().asText();
  }

  public String name() {
    return nameBytes.untilNul().asText();
  }

  SnapshotEntry withExtra(Bytes extra) {
    return new SnapshotEntry(
        l1Offset,
        l1Size,
        idBytes,
        nameBytes,
        seconds,
        nanos,
        vmClock,
        vmStateSize,
        diskSize,
        icount,
        extra);
  }

  /// The same snapshot with what it says of the VM.
  public SnapshotEntry withVmState(long bytes, long clockNanos, long instructions) {
    return new SnapshotEntry(
        l1Offset,
        l1Size,
        idBytes,
        nameBytes,
        seconds,
        nanos,
        clockNanos,
        bytes,
        diskSize,
        instructions,
        unknownExtra);
  }

  public SnapshotEntry withL1(long offset, int entries) {
    return new SnapshotEntry(
        offset,
        entries,
        idBytes,
        nameBytes,
        seconds,
        nanos,
        vmClock,
        vmStateSize,
        diskSize,
        icount,
        unknownExtra);
  }

  /// The disk size to show and to apply, for entries that do not say.
  public long diskSizeOr(long current) {
    return diskSize >= 0 ? diskSize : current;
  }

  /// Bytes of the whole entry whose first [#FIXED_LENGTH] bytes `src` has at its position, which
  /// does not move.
  ///
  /// @param at host offset of the entry, for the message
  /// @param index its place in the table, for the message
  static int lengthOf(ByteBuffer src, long at, int index) throws Qcow2FormatException {
    ByteBuffer in = src.slice().order(ByteOrder.BIG_ENDIAN);
    long extra = in.getInt(36) & 0xffff_ffffL;
    if (extra > Limits.MAX_SNAPSHOT_EXTRA) {
      throw corrupt(
          STRUCTURE,
          at + 36,
          "Too much extra metadata in snapshot table entry "
              + index
              + "\nYou can force-remove this extra metadata with qemu-img check -r all",
          "at most " + Limits.MAX_SNAPSHOT_EXTRA,
          extra);
    }
    int texts = (in.getShort(12) & 0xffff) + (in.getShort(14) & 0xffff);
    return HeaderExtension.padded(FIXED_LENGTH + (int) extra + texts);
  }

  /// Reads one entry, moving the position of `src` past it and its padding.
  static SnapshotEntry parse(ByteBuffer src, long at, int index) throws Qcow2FormatException {
    src.order(ByteOrder.BIG_ENDIAN);
    int start = src.position();
    if (src.remaining() < FIXED_LENGTH) {
      throw truncated(STRUCTURE, at, FIXED_LENGTH, src.remaining());
    }
    int length = lengthOf(src, at, index);
    if (src.remaining() < length) {
      throw truncated(STRUCTURE, at, length, src.remaining());
    }
    int extra = src.getInt(start + 36);
    ByteBuffer texts = src.duplicate().position(start + FIXED_LENGTH + extra);
    Bytes id = Bytes.take(texts, src.getShort(start + 12) & 0xffff);
    Bytes name = Bytes.take(texts, src.getShort(start + 14) & 0xffff);
    ByteBuffer more = src.duplicate().position(start + FIXED_LENGTH);
    long state = src.getInt(start + 32) & 0xffff_ffffL;
    SnapshotEntry entry =
        new SnapshotEntry(
            src.getLong(start),
            src.getInt(start + 8),
            id,
            name,
            src.getInt(start + 16),
            src.getInt(start + 20),
            src.getLong(start + 24),
            extra >= 8 ? more.getLong() : state,
            extra >= 16 ? more.getLong() : -1,
            extra >= KNOWN_EXTRA ? more.getLong() : -1,
            extra > KNOWN_EXTRA ? Bytes.take(more, extra - KNOWN_EXTRA) : Bytes.EMPTY);
    src.position(start + length);
    return entry;
  }

  int encodedLength() {
    int extra = KNOWN_EXTRA + unknownExtra.length();
    return HeaderExtension.padded(FIXED_LENGTH + extra + idBytes.length() + nameBytes.length());
  }

  /// @param currentSize recorded where the entry itself has no disk size
  void encode(ByteBuffer dst, long currentSize) {
    int end = dst.position() + encodedLength();
    boolean small = vmStateSize >= 0 && vmStateSize <= 0xffff_ffffL;
    dst.putLong(l1Offset).putInt(l1Size);
    dst.putShort((short) idBytes.length()).putShort((short) nameBytes.length());
    dst.putInt(seconds).putInt(nanos).putLong(vmClock);
    dst.putInt(small ? (int) vmStateSize : 0).putInt(KNOWN_EXTRA + unknownExtra.length());
    dst.putLong(vmStateSize).putLong(diskSizeOr(currentSize)).putLong(icount);
    unknownExtra.putTo(dst);
    idBytes.putTo(dst);
    nameBytes.putTo(dst);
    dst.put(new byte[end - dst.position()]);
  }
}
