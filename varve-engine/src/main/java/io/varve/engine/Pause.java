// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/// Lets time pass between two attempts at a lock. Injected, so that tests need not wait.
@FunctionalInterface
public interface Pause {
  /// Real time.
  Pause REAL = time -> LockSupport.parkNanos(time.toNanos());

  void pause(Duration time);
}
