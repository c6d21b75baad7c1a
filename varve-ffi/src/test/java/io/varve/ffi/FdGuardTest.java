// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.channels.ClosedChannelException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class FdGuardTest {
  private final FdGuard guard = new FdGuard();

  @Test
  void shutsAtOnceWhereNothingRuns() {
    assertThat(guard.shut()).isTrue();
    assertThat(guard.shut()).isFalse();
    assertThatThrownBy(guard::enter).isInstanceOf(ClosedChannelException.class);
  }

  @Test
  @Timeout(60)
  void waitsForTheLastCall() throws Exception {
    guard.enter();
    guard.enter();
    CompletableFuture<Boolean> shut = CompletableFuture.supplyAsync(guard::shut);
    while (true) {
      try {
        guard.enter();
        guard.leave();
      } catch (ClosedChannelException _) {
        break;
      }
    }
    guard.leave();
    assertThat(shut.isDone()).isFalse();
    guard.leave();

    assertThat(shut.get(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  @Timeout(60)
  void keepsAnInterruptForLater() throws Exception {
    guard.enter();
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    Thread closer =
        Thread.ofPlatform()
            .start(() -> {
              guard.shut();
              interrupted.complete(Thread.currentThread().isInterrupted());
            });
    closer.interrupt();
    guard.leave();

    assertThat(interrupted.get(30, TimeUnit.SECONDS)).isTrue();
  }

  /// Whoever is inside must never see the moment after the close.
  @Test
  @Timeout(120)
  void nobodyIsInsideOnceItIsShut() throws Exception {
    int threads = 4;
    try (ExecutorService pool = Executors.newFixedThreadPool(threads + 1)) {
      for (int round = 0; round < 300; round++) {
        FdGuard each = new FdGuard();
        AtomicBoolean freed = new AtomicBoolean();
        AtomicInteger violations = new AtomicInteger();
        Future<?>[] callers = new Future<?>[threads];
        for (int t = 0; t < threads; t++) {
          callers[t] =
              pool.submit(() -> {
                try {
                  while (true) {
                    each.enter();
                    if (freed.get()) {
                      violations.incrementAndGet();
                    }
                    each.leave();
                  }
                } catch (ClosedChannelException _) {
                  // The end.
                }
              });
        }
        pool.submit(
                () -> {
                  if (each.shut()) {
                    freed.set(true);
                  }
                })
            .get();
        for (Future<?> caller : callers) {
          caller.get();
        }
        assertThat(violations).hasValue(0);
      }
    }
  }
}
