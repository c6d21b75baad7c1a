// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.img.debug.DebugRules;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Asynchronous requests that were submitted and not reported yet. They have run already: one that
/// is waited for is indistinguishable from one that was fast. Reported are those first that never
/// reached the file, and each kind with the youngest first, as an event loop finds them.
///
/// Where breakpoints are set a request runs in a thread of its own, because it may stop halfway;
/// the shell goes on once the request is done or cannot go on by itself.
final class Pending {
  private static final long GLANCE_NANOS = 100_000;
  private static final int GLANCES = 20;
  private static final int OLDER_GLANCES = 200;

  /// Says how a request ended.
  interface Report {
    void print(PrintStream out) throws IOException;
  }

  private final PrintStream out;
  private final Deque<Report> immediate = new ArrayDeque<>();
  private final Deque<Report> done = new ArrayDeque<>();
  private final List<Thread> running = new CopyOnWriteArrayList<>();
  private @Nullable DebugRules rules;

  Pending(PrintStream out) {
    this.out = out;
  }

  /// Runs a request that may stop at one of these breakpoints.
  void start(Runnable request) {
    Thread thread = new Thread(request, "request");
    thread.setDaemon(true);
    running.add(thread);
    thread.start();
    settle();
  }

  /// True if requests need threads.
  boolean needsThreads(Device device) {
    rules = device.image().debugRules();
    return !running.isEmpty() || (rules != null && rules.mayStop());
  }

  /// Waits until every request is done or stands still.
  void settle() {
    for (Thread thread : running) {
      int still = 0;
      while (thread.isAlive() && still < GLANCES) {
        still = standsStill(thread) ? still + 1 : 0;
        LockSupport.parkNanos(GLANCE_NANOS);
      }
    }
    running.removeIf(thread -> !thread.isAlive());
  }

  /// True if the thread stopped at a breakpoint, or seems to wait for one that did.
  private boolean standsStill(Thread thread) {
    DebugRules known = rules;
    if (known == null || !known.anyStands()) {
      return false;
    }
    return known.stands(thread) || thread.getState() != Thread.State.RUNNABLE;
  }

  /// Waits until a request has stopped under this tag; false if none is left that could.
  boolean awaitStop(DebugRules among, String tag) {
    settle();
    return among.isStopped(tag);
  }

  /// A request that never reached the file.
  synchronized void addImmediate(Report report) {
    immediate.push(report);
  }

  void add(Report report) {
    if (running.isEmpty()) {
      addFirst(report);
    } else {
      letOlderEnd();
      addLast(report);
    }
  }

  private synchronized void addFirst(Report report) {
    done.push(report);
  }

  /// Those that were stopped end one after the other.
  private synchronized void addLast(Report report) {
    done.addLast(report);
  }

  /// An older request that is on its way to its end, and that this one waited for, is told first.
  private void letOlderEnd() {
    Thread own = Thread.currentThread();
    for (Thread older : running) {
      if (older == own) {
        return;
      }
      for (int i = 0; i < OLDER_GLANCES && older.isAlive() && !stands(older); i++) {
        LockSupport.parkNanos(GLANCE_NANOS);
      }
    }
  }

  private boolean stands(Thread thread) {
    DebugRules known = rules;
    return known != null && known.stands(thread);
  }

  /// What the event loop reports without waiting.
  void reportImmediate() {
    report(immediate);
  }

  /// Waits for all but those who stand still.
  void reportAll() {
    settle();
    report(immediate);
    report(done);
  }

  private synchronized void report(Deque<Report> reports) {
    while (!reports.isEmpty()) {
      try {
        reports.pop().print(out);
      } catch (IOException e) {
        out.print(DeviceException.words(e) + "\n");
      }
    }
  }
}
