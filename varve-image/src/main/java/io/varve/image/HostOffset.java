// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

/// A byte position in the file that holds a layer. Never mixed with a [GuestOffset].
///
/// @param bytes from the start of the file, not negative
public record HostOffset(long bytes) implements Comparable<HostOffset> {
  public HostOffset {
    if (bytes < 0) {
      throw new IllegalArgumentException("host offset " + bytes + " is negative");
    }
  }

  public static HostOffset of(long bytes) {
    return new HostOffset(bytes);
  }

  public HostOffset plus(long length) {
    return new HostOffset(Math.addExact(bytes, length));
  }

  @Override
  public int compareTo(HostOffset other) {
    return Long.compare(bytes, other.bytes);
  }

  @Override
  public String toString() {
    return "host 0x" + Long.toHexString(bytes);
  }
}
