// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;

/// Lets workers go one after the other, in the order of the numbers of their pieces. Each number is
/// awaited by one thread, and no two numbers that are awaited at a time are `workers` or more
/// apart.
final class Turns {
  private final boolean ordered;

  /// Who waits for the turn of each number, by what is left of it.
  private final AtomicReferenceArray<Thread> waiting;

  private volatile long current;
  private volatile boolean stopped;

  /// @param ordered false lets everybody go at once
  /// @param workers how many threads there are at most
  Turns(boolean ordered, int workers) {
    this.ordered = ordered;
    this.waiting = new AtomicReferenceArray<>(workers);
  }

  /// Waits until it is the turn of this piece. False: another worker failed, stop.
  boolean await(long number) {
    if (!ordered) {
      return !stopped;
    }
    int place = place(number);
    boolean interrupted = false;
    waiting.set(place, Thread.currentThread());
    while (current != number && !stopped) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted();
    }
    waiting.set(place, null);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return !stopped;
  }

  void done(long number) {
    current = number + 1;
    // Wakes that one only: each thread woken for nothing takes time from those that work.
    LockSupport.unpark(waiting.get(place(number + 1)));
  }

  void stop() {
    stopped = true;
    for (int i = 0; i < waiting.length(); i++) {
      LockSupport.unpark(waiting.get(i));
    }
  }

  boolean stopped() {
    return stopped;
  }

  private int place(long number) {
    return (int) (number % waiting.length());
  }
}
