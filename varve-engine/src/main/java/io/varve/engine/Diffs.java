// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import io.varve.engine.model.ApplyOutcome;
import io.varve.engine.model.ApplySpec;
import io.varve.engine.model.DiffSpec;
import io.varve.engine.model.DiffView;
import io.varve.image.diff.RangeSink;
import java.io.InputStream;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/// What changed between two states of a disk, and the way of it to another copy. Every method may
/// be called from any thread and throws [VarveException].
///
/// Two nodes of one tree are compared by the indexes of the layers above their common base: the
/// cost goes with what changed. An address without a snapshot is the disk as it is now; it must not
/// be in use by another program.
public interface Diffs {
  /// Reports the changed ranges, ascending, with bounded memory.
  ///
  /// @param from the state that the ranges are to be put on; null for an empty disk
  /// @throws RefusedException if the two share no layer
  DiffView ranges(@Nullable DiskAddress from, DiskAddress to, boolean byContent, RangeSink sink);

  /// Writes the changed ranges with their bytes into `out` as a stream that [#apply] takes; see
  /// `docs/format/diff-stream.md`. Flushes `out` and does not close it.
  DiffView send(@Nullable DiskAddress from, DiskAddress to, DiffSpec spec, OutputStream out);

  /// Puts a stream on another copy of its base, in a pool on virtual storage. The result becomes a
  /// snapshot of the target, and the target goes to it. Nothing of the target changes before the
  /// whole stream is there, durable, and its digest matches; cut short at any moment, the target is
  /// as before, or at the result, and applying the same stream again leads to the same result.
  ///
  /// A stream without a base makes a new disk.
  ///
  /// @throws RefusedException if the target is not the base of the stream
  /// @throws DamagedException if the stream is damaged or ends early, or its result is not what the
  ///   sender had
  ApplyOutcome apply(DiskAddress target, InputStream in, ApplySpec spec);
}
