// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

/// Second word of an extended L2 entry (spec: "Extended L2 Entries").
///
/// | bits | meaning |
/// |---|---|
/// | 0-31 | subcluster i has data in the host cluster |
/// | 32-63 | subcluster i reads as zero |
///
/// Both bits of a subcluster set is an error; neither set means that the base answers. For a
/// compressed cluster the word is 0.
public final class SubclusterBitmap {
  private SubclusterBitmap() {}

  public static long of(int allocated, int zero) {
    return (allocated & 0xffff_ffffL) | ((long) zero << 32);
  }

  public static int allocated(long bitmap) {
    return (int) bitmap;
  }

  public static int zero(long bitmap) {
    return (int) (bitmap >>> 32);
  }

  public static boolean valid(long bitmap) {
    return (allocated(bitmap) & zero(bitmap)) == 0;
  }

  /// Bits `first` to `last`, both included, of 32.
  public static int range(int first, int last) {
    return (-1 << first) & (-1 >>> (31 - last));
  }
}
