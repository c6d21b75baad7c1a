// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.op.Throttle;

/// Lets through so many bytes a second, a tenth of a second's worth at once.
final class RateLimit implements Throttle {
  private static final long BURST_NANOS = 100_000_000;
  private static final double NANOS_PER_SECOND = 1e9;

  private final long bytesPerSecond;
  private long paidUntil = System.nanoTime();

  private RateLimit(long bytesPerSecond) {
    this.bytesPerSecond = bytesPerSecond;
  }

  /// @param bytesPerSecond 0 for no limit
  static Throttle of(long bytesPerSecond) {
    return bytesPerSecond == 0 ? Throttle.NONE : new RateLimit(bytesPerSecond);
  }

  @Override
  public void take(long bytes) {
    long wait;
    synchronized (this) {
      long now = System.nanoTime();
      if (now - paidUntil > BURST_NANOS) {
        paidUntil = now - BURST_NANOS;
      }
      wait = paidUntil - now;
      paidUntil += (long) (bytes * NANOS_PER_SECOND / bytesPerSecond);
    }
    try {
      if (wait > 0) {
        Thread.sleep(wait / 1_000_000, (int) (wait % 1_000_000));
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
