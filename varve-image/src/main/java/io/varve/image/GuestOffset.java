// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

/// A byte position in the disk that a guest sees. Never mixed with a [HostOffset].
///
/// @param bytes from the start of the disk, not negative
public record GuestOffset(long bytes) implements Comparable<GuestOffset> {
  public static final GuestOffset ZERO = new GuestOffset(0);

  public GuestOffset {
    if (bytes < 0) {
      throw new IllegalArgumentException("guest offset " + bytes + " is negative");
    }
  }

  public static GuestOffset of(long bytes) {
    return new GuestOffset(bytes);
  }

  /// This offset moved by `length` bytes.
  public GuestOffset plus(long length) {
    return new GuestOffset(Math.addExact(bytes, length));
  }

  @Override
  public int compareTo(GuestOffset other) {
    return Long.compare(bytes, other.bytes);
  }

  @Override
  public String toString() {
    return "guest 0x" + Long.toHexString(bytes);
  }
}
