// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import java.nio.channels.ClosedChannelException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/// Keeps a descriptor's number from being closed, and given to another file, while a call uses it.
///
/// Calls [#enter()] and [#leave()] in pairs and never wait for each other. The first [#shut()]
/// turns later callers away, waits until the last running call has left, and is told to close;
/// everyone else's `shut` waits for that as well. So once `close` has returned nothing runs on the
/// file, and its locks are gone.
final class FdGuard {
  private static final long SHUT = 1L << 62;

  /// Running calls, plus SHUT once nobody may enter.
  private final AtomicLong state = new AtomicLong();

  private final CountDownLatch idle = new CountDownLatch(1);

  void enter() throws ClosedChannelException {
    if (state.getAndIncrement() >= SHUT) {
      leave();
      throw new ClosedChannelException();
    }
  }

  void leave() {
    if (state.decrementAndGet() == SHUT) {
      idle.countDown();
    }
  }

  /// Shuts and waits for the running calls. True for the one caller who must close the descriptor.
  boolean shut() {
    long before = state.getAndUpdate(now -> now | SHUT);
    boolean first = (before & SHUT) == 0;
    if (before == 0) {
      idle.countDown();
    }
    awaitIdle();
    return first;
  }

  private void awaitIdle() {
    boolean interrupted = false;
    while (true) {
      try {
        idle.await();
        break;
      } catch (InterruptedException _) {
        // A descriptor that is half closed helps nobody: finish, then hand the interrupt on.
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
