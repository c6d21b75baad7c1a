// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.storage.Storage;
import org.jspecify.annotations.Nullable;

/// What a stretch of a disk is made of, in the terms that `qemu-img map` and block status over NBD
/// use.
///
/// | | data | zero | present |
/// |---|---|---|---|
/// | data in some layer | yes | no | yes |
/// | data whose host bytes are a hole | yes | yes | yes |
/// | zero by an index, or a hole of a raw file | no | yes | yes |
/// | in no layer | no | yes | no |
///
/// @param start guest offset, bytes
/// @param length bytes, above zero
/// @param depth layer that answers, 0 for the top one; where none does, the layer at which the
///   search ended: the last one, or one whose base ends before `start`
/// @param present some layer holds it, as data or as zeros
/// @param zero it is known to read as zero
/// @param data some layer holds data for it, that is a read may have to go to the host
/// @param compressed the data is compressed
/// @param offset where it lies on the host, -1 where it lies nowhere or the bytes there are not the
///   guest's (compressed, encrypted)
/// @param host the file of `offset`, null where that is -1
public record BlockStatus(
    long start,
    long length,
    int depth,
    boolean present,
    boolean zero,
    boolean data,
    boolean compressed,
    long offset,
    @Nullable Storage host) {
  public long end() {
    return start + length;
  }

  /// True if both can be told as one stretch: everything is equal, and on the host one follows the
  /// other.
  boolean continuedBy(BlockStatus next) {
    return depth == next.depth
        && present == next.present
        && zero == next.zero
        && data == next.data
        && compressed == next.compressed
        && host == next.host
        && (offset < 0 ? next.offset < 0 : offset + length == next.offset);
  }

  BlockStatus asZero() {
    return new BlockStatus(start, length, depth, present, true, data, compressed, offset, host);
  }

  BlockStatus with(long newLength) {
    return new BlockStatus(start, newLength, depth, present, zero, data, compressed, offset, host);
  }
}
