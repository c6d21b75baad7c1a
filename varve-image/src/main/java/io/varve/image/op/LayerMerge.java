// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import java.io.IOException;

/// A merge of neighbouring layers of a chain into one of them, the *keeper*: afterwards it holds
/// what all of them together showed, and the others are not needed any more.
///
/// Nothing that any reader of the chain sees changes at any moment, also for readers that opened
/// the layers before: what is put into the keeper is hidden by the layers above it, or is what
/// showed through it already. So a merge can be stopped, be cut off by a crash, and be started
/// again; and files that are open stay right, even once they have no name any more.
///
/// Whoever merges keeps others from writing into any of the layers meanwhile.
public sealed interface LayerMerge permits ClusterMerge, UnitMerge {
  /// What it costs from here on, by the indexes alone. The same walk as [#run].
  ///
  /// @param cursor as [Listener#moved] told it, 0 for the whole
  MergeCost cost(long cursor) throws IOException;

  /// Moves the data. Durable after the keeper's next flush.
  ///
  /// @param cursor where to begin, once all before it is durable in the keeper; 0 for the beginning
  void run(long cursor, Listener listener) throws IOException;

  /// Hears how far a merge is; between two calls everything is consistent.
  @FunctionalInterface
  interface Listener {
    /// @param bytes moved since the last call
    /// @param sharedBytes of them that share their blocks with where they were: nothing was copied
    /// @param cursor where to go on after a [io.varve.image.WritableLayer#flush()] of the keeper
    /// @throws java.util.concurrent.CancellationException to stop
    void moved(long bytes, long sharedBytes, long cursor) throws IOException;
  }
}
