// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/// Runs one piece of work on several threads, the caller's among them.
final class Workers {
  private Workers() {}

  /// Returns when all have returned.
  ///
  /// @param work throws [UncheckedIOException] for an `IOException`, and then makes the others stop
  /// @throws IOException the first failure of any of them
  static void run(int threads, Runnable work) throws IOException {
    @Nullable Throwable[] failures = new Throwable[threads];
    Thread[] others = new Thread[threads - 1];
    for (int i = 0; i < others.length; i++) {
      int own = i + 1;
      others[i] = Thread.ofPlatform().daemon().unstarted(() -> failures[own] = caught(work));
      others[i].start();
    }
    failures[0] = caught(work);
    boolean interrupted = false;
    for (Thread other : others) {
      interrupted |= join(other);
    }
    for (@Nullable Throwable failure : failures) {
      throwIfAny(failure);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  private static @Nullable Throwable caught(Runnable work) {
    try {
      work.run();
      return null;
    } catch (RuntimeException | Error e) {
      return e;
    }
  }

  /// True if this thread was interrupted; the other one has ended in any case.
  private static boolean join(Thread other) {
    boolean interrupted = false;
    while (true) {
      try {
        other.join();
        return interrupted;
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
  }

  private static void throwIfAny(@Nullable Throwable failure) throws IOException {
    if (failure instanceof UncheckedIOException io) {
      throw io.getCause();
    }
    if (failure instanceof RuntimeException runtime) {
      throw runtime;
    }
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure != null) {
      throw new IllegalStateException(failure);
    }
  }
}
