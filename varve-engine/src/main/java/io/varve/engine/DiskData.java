// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import io.varve.engine.model.DiskIo;
import io.varve.engine.model.IoProbeRow;
import io.varve.engine.model.IoProbeSpec;
import io.varve.engine.model.WhereExtent;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;

/// The bytes of disks, and what they cost. Every method may be called from any thread and throws
/// [VarveException].
public interface DiskData {
  /// Opens a disk, or a snapshot for reading. Holds QEMU's image locks until it is closed.
  ///
  /// @param writable refused for snapshots
  DiskSession open(DiskAddress source, boolean writable);

  /// Puts `length` bytes from `offset` on into `out`.
  void read(DiskAddress source, long offset, long length, OutputStream out);

  /// Writes what `in` yields at `offset`, at most `maxLength` bytes, and flushes. Returns the bytes
  /// written.
  long write(DiskAddress disk, long offset, InputStream in, long maxLength);

  /// Makes a range read as zero, and flushes.
  void zero(DiskAddress disk, long offset, long length);

  /// Says that a range is no longer needed, and flushes.
  void discard(DiskAddress disk, long offset, long length);

  /// Where a range lies: layer, file, host offset, kind.
  List<WhereExtent> where(DiskAddress source, long offset, long length);

  /// What the disk was asked for through Varve, and what that cost on the host.
  DiskIo io(DiskAddress disk);

  /// Sets the disk's counters to zero.
  void resetIo(DiskAddress disk);

  /// Measures what a guest write costs on the host before and after a snapshot, for both kinds, on
  /// scratch images in the pool that are gone afterwards. Every figure is counted, none estimated.
  List<IoProbeRow> ioProbe(String pool, IoProbeSpec spec);
}
