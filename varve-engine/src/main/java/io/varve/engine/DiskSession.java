// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import io.varve.engine.model.DiskIo;
import java.nio.ByteBuffer;

/// An open disk or snapshot. Methods may be called from many threads at the same time; they throw
/// [VarveException]. What was written is durable after [#flush()].
public interface DiskSession extends AutoCloseable {
  /// Bytes that the guest sees.
  long size();

  boolean writable();

  /// Fills `dst` from `offset` on; the range must end within the size.
  void read(long offset, ByteBuffer dst);

  /// Writes all of `src`; the range must end within the size.
  void write(long offset, ByteBuffer src);

  /// Makes the range read as zero; its clusters go back to the store where they can.
  void zero(long offset, long length);

  void discard(long offset, long length);

  void flush();

  /// What was done in this session so far.
  DiskIo io();

  /// Flushes, closes, and adds this session's figures to the disk's counters.
  @Override
  void close();
}
