// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;

/// The oracle: what a guest disk must read as, in memory, sparse, and too simple to be wrong.
/// Copies for snapshots cost next to nothing. **Threads:** one at a time.
public final class ReferenceDisk implements GuestReader {
  private static final int STEP = 1 << 20;

  private final SparseBytes bytes;

  /// A disk of zeros.
  public ReferenceDisk(long size) {
    this(new SparseBytes());
    bytes.truncate(size);
  }

  private ReferenceDisk(SparseBytes bytes) {
    this.bytes = bytes;
  }

  /// A disk with the content of a raw file.
  public static ReferenceDisk load(Path raw) throws IOException {
    return new ReferenceDisk(SparseBytes.load(raw));
  }

  public long size() {
    return bytes.size();
  }

  @Override
  public void read(long at, ByteBuffer dst) {
    bytes.read(at, dst);
  }

  @Override
  public byte[] bytes(long at, int length) {
    return bytes.bytes(at, length);
  }

  public void write(long at, ByteBuffer src) {
    requireInside(at, src.remaining());
    bytes.write(at, src);
  }

  public void zero(long at, long length) {
    requireInside(at, length);
    bytes.zero(at, length);
  }

  /// Takes over what a discard of the range has made of it, which may be zero or nothing at all:
  /// each sector that reads as zero in `after` becomes zero. Any other change is an error of the
  /// layer, and so is a sector from `from` to `to` that is not zero.
  ///
  /// @param from the first byte that the layer must have zeroed
  /// @param to the end of what it must have zeroed; at `from` or below it: nothing
  public void discarded(long at, long length, long from, long to, GuestReader after)
      throws IOException {
    requireInside(at, length);
    long position = at;
    while (position < at + length) {
      long sectorEnd = (position / 512 + 1) * 512;
      int part = (int) (Math.min(sectorEnd, at + length) - position);
      byte[] now = after.bytes(position, part);
      if (isZero(now)) {
        bytes.zero(position, part);
      } else if (position >= from && position < to) {
        throw new AssertionError(
            "discard of "
                + at
                + "+"
                + length
                + " left at "
                + position
                + ": "
                + Stamp.describe(now));
      } else if (!Arrays.equals(now, bytes.bytes(position, part))) {
        throw new AssertionError(
            "discard of "
                + at
                + "+"
                + length
                + " changed the sector at "
                + position
                + " from "
                + Stamp.describe(bytes.bytes(position, part))
                + " to "
                + Stamp.describe(now));
      }
      position += part;
    }
  }

  /// Cuts the disk, or grows it with zeros.
  public void resize(long size) {
    bytes.truncate(size);
  }

  /// The disk as it is now, independent of later changes.
  public ReferenceDisk copy() {
    return new ReferenceDisk(bytes.fork());
  }

  /// Writes a sparse raw file.
  public void save(Path raw) throws IOException {
    bytes.save(raw);
  }

  /// This disk as the base of an overlay: past its end it is zero.
  public Below asBase() {
    return new Below() {
      @Override
      public boolean isNothing() {
        return false;
      }

      @Override
      public void read(GuestOffset at, ByteBuffer dst) {
        bytes.read(at.bytes(), dst);
      }

      @Override
      public boolean readsAsZero(GuestOffset at, long length) {
        return bytes.next(at.bytes(), true) >= Math.min(at.bytes() + length, bytes.size());
      }
    };
  }

  /// Fails the test at the first sector that `actual` reads differently.
  public void assertMatches(GuestReader actual) throws IOException {
    assertMatches(actual, 0, size());
  }

  /// Fails the test at the first sector of the range that `actual` reads differently.
  public void assertMatches(GuestReader actual, long from, long length) throws IOException {
    for (long at = from; at < from + length; ) {
      int part = (int) Math.min(STEP, from + length - at);
      byte[] expected = bytes.bytes(at, part);
      byte[] found = actual.bytes(at, part);
      int difference = Arrays.mismatch(expected, found);
      if (difference >= 0) {
        throw new AssertionError(difference(at, difference, expected, found));
      }
      at += part;
    }
  }

  private static String difference(long at, int index, byte[] expected, byte[] found) {
    int sector = (int) ((at + index) / 512 * 512 - at);
    int start = Math.max(0, sector);
    int end = Math.min(expected.length, sector + 512);
    return "at 0x%x (byte %d of its sector): expected %s, found %s"
        .formatted(
            at + index,
            (at + index) % 512,
            Stamp.describe(Arrays.copyOfRange(expected, start, end)),
            Stamp.describe(Arrays.copyOfRange(found, start, end)));
  }

  static boolean isZero(byte[] data) {
    for (byte b : data) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  private void requireInside(long at, long length) {
    if (at < 0 || length < 0 || at + length > size()) {
      throw new IllegalArgumentException(at + "+" + length + " is outside " + size());
    }
  }
}
