// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

/// Hears how far a long operation is. Called from the thread that runs the operation, or one at a
/// time from its workers. It may stop the operation by throwing a `CancellationException`; what was
/// copied so far stays, and the operation can be started again.
@FunctionalInterface
public interface Progress {
  Progress NONE = (_, _) -> {};

  /// @param doneBytes guest bytes dealt with so far, holes included
  /// @param totalBytes guest bytes in all
  void advance(long doneBytes, long totalBytes);
}
