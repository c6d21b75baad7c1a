// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Lets workers finish numbered pieces in the order of their numbers, or stop together.
final class Turns {
  private final boolean ordered;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private long current;
  private boolean stopped;

  /// @param ordered false lets everybody go at once
  Turns(boolean ordered) {
    this.ordered = ordered;
  }

  /// Waits until it is the turn of this piece. False: another worker failed, stop.
  boolean await(long number) {
    lock.lock();
    try {
      while (ordered && current != number && !stopped) {
        changed.awaitUninterruptibly();
      }
      return !stopped;
    } finally {
      lock.unlock();
    }
  }

  void done(long number) {
    lock.lock();
    try {
      current = number + 1;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void stop() {
    lock.lock();
    try {
      stopped = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  boolean stopped() {
    lock.lock();
    try {
      return stopped;
    } finally {
      lock.unlock();
    }
  }
}
