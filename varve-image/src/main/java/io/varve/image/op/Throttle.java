// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

/// Slows an operation down to a rate. It is asked before bytes are written and may block.
///
/// **Threads.** Any, at the same time.
@FunctionalInterface
public interface Throttle {
  Throttle NONE = _ -> {};

  /// Returns when `bytes` more may be written.
  void take(long bytes);
}
