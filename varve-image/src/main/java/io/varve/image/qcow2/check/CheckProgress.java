// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

/// Told how far a check is; called from the thread that checks. It may throw
/// `CancellationException` to stop: a check leaves nothing behind, a repair leaves what it has
/// repaired so far.
@FunctionalInterface
public interface CheckProgress {
  CheckProgress NONE = (done, total) -> {};

  /// @param done bytes of index read
  /// @param total bytes of index to read
  void advance(long done, long total);
}
