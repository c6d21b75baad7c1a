// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.metadata;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// A piece of an L2 table or a refcount block in memory: at most 4 KiB, so that one changed entry
/// costs a small write and not a whole cluster.
///
/// Its bytes change only under the layer's exclusive lock and are read under the shared one.
public final class MetadataBlock {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private final long offset;
  private final byte[] bytes;
  private volatile boolean used = true;
  private final boolean counts;
  private boolean dirty;

  /// @param counts it belongs to a refcount block and not to an L2 table
  MetadataBlock(long offset, byte[] bytes, boolean counts) {
    this.counts = counts;
    this.offset = offset;
    this.bytes = bytes;
  }

  /// Host offset of its first byte.
  public long offset() {
    return offset;
  }

  public byte[] bytes() {
    return bytes;
  }

  /// The big-endian word at a host offset inside this block.
  public long word(long hostOffset) {
    return (long) LONG.get(bytes, (int) (hostOffset - offset));
  }

  /// How many words from a host offset on, of `most`, are what is expected: without the bits of
  /// `ignored` the first is `expected`, and each next one `step` more.
  public int run(long hostOffset, long most, long ignored, long expected, int step) {
    int start = (int) (hostOffset - offset);
    int end = (int) Math.min(bytes.length, start + most * Long.BYTES);
    long next = expected;
    int at = start;
    while (at < end && ((long) LONG.get(bytes, at) & ~ignored) == next) {
      at += Long.BYTES;
      next += step;
    }
    return (at - start) / Long.BYTES;
  }

  void setWord(long hostOffset, long value) {
    LONG.set(bytes, (int) (hostOffset - offset), value);
  }

  boolean counts() {
    return counts;
  }

  void touch() {
    if (!used) {
      used = true;
    }
  }

  /// Second-chance clock: true if it was used since the last pass, and forgets that.
  boolean takeUsed() {
    boolean was = used;
    used = false;
    return was;
  }

  boolean dirty() {
    return dirty;
  }

  void setDirty(boolean dirty) {
    this.dirty = dirty;
  }
}
