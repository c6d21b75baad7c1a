// SPDX-License-Identifier: Apache-2.0
package io.varve.img.debug;

import io.varve.ffi.SystemCallException;
import io.varve.image.storage.NoSpaceException;
import io.varve.image.storage.StorageEvent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What one `blkdebug` node does: its rules, its state, and who is stopped by a breakpoint.
///
/// An event makes the rules that name it hold, in place of those that held before; they hold until
/// another event has rules of its own, and a rule for one request goes with it. The state begins at
/// 1.
///
/// **Threads.** Any. A thread that runs into a breakpoint stays inside [#fire(StorageEvent)] until
/// it is resumed; the thread that made the rules never stops.
public final class DebugRules {
  private static final int ENOSPC = 28;

  /// Hears of requests that stop and go on.
  public interface Listener {
    void say(String text);
  }

  private record Breakpoint(StorageEvent event, String tag) {}

  private final Thread owner = Thread.currentThread();
  private final List<InjectRule> injections;
  private final List<StateRule> changes;
  private final Listener listener;
  private final List<InjectRule> active = new ArrayList<>();
  private final List<Breakpoint> breakpoints = new ArrayList<>();
  private final Map<Thread, String> stopped = new LinkedHashMap<>();
  private long state = 1;

  DebugRules(List<InjectRule> injections, List<StateRule> changes, Listener listener) {
    this.injections = new ArrayList<>(injections);
    this.changes = changes;
    this.listener = listener;
  }

  /// Something is about to happen.
  synchronized void fire(StorageEvent event) {
    boolean first = true;
    for (InjectRule rule : injections) {
      if (rule.event() == event && applies(rule.state())) {
        if (first) {
          active.clear();
          first = false;
        }
        active.add(rule);
      }
    }
    long next = state;
    for (StateRule rule : changes) {
      if (rule.event() == event && applies(rule.state())) {
        next = rule.next();
      }
    }
    stopAt(event);
    state = next;
  }

  private boolean applies(long wanted) {
    return wanted == 0 || wanted == state;
  }

  private void stopAt(StorageEvent event) {
    if (breakpoints.isEmpty() || Thread.currentThread() == owner) {
      return;
    }
    Iterator<Breakpoint> each = breakpoints.iterator();
    String tag = null;
    while (each.hasNext() && tag == null) {
      Breakpoint candidate = each.next();
      if (candidate.event() == event) {
        tag = candidate.tag();
        each.remove();
      }
    }
    if (tag == null) {
      return;
    }
    stopped.put(Thread.currentThread(), tag);
    listener.say("blkdebug: Suspended request '" + tag + "'\n");
    boolean interrupted = false;
    while (stopped.containsKey(Thread.currentThread())) {
      try {
        wait();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// Fails if a rule that holds says so.
  synchronized void check(RequestKind kind, long position, long length) throws IOException {
    InjectRule hit = null;
    for (InjectRule rule : active) {
      if (rule.hits(kind, position, length)) {
        hit = rule;
        break;
      }
    }
    if (hit == null || hit.errno() == 0) {
      return;
    }
    if (hit.once()) {
      active.remove(hit);
      injections.remove(hit);
    }
    SystemCallException failure = new SystemCallException("blkdebug", hit.errno());
    if (hit.errno() == ENOSPC) {
      NoSpaceException full = new NoSpaceException("blkdebug");
      full.initCause(failure);
      throw full;
    }
    throw failure;
  }

  /// Stops the next request that comes to this event; false if there is no such event.
  public synchronized boolean setBreakpoint(String event, String tag) {
    StorageEvent known = DebugOptions.event(event);
    if (known == null) {
      return false;
    }
    breakpoints.add(new Breakpoint(known, tag));
    return true;
  }

  /// Removes breakpoints with this tag and lets go who is stopped by it; false if no request was
  /// yet to come to it.
  public synchronized boolean removeBreakpoint(String tag) {
    boolean removed = breakpoints.removeIf(each -> each.tag().equals(tag));
    boolean found = true;
    while (found) {
      found = resume(tag);
    }
    return removed;
  }

  /// Lets the request go on that is stopped under this tag; false if there is none.
  public synchronized boolean resume(String tag) {
    for (Map.Entry<Thread, String> each : stopped.entrySet()) {
      if (each.getValue().equals(tag)) {
        listener.say("blkdebug: Resuming request '" + tag + "'\n");
        stopped.remove(each.getKey());
        notifyAll();
        return true;
      }
    }
    return false;
  }

  /// Lets everybody go on, silently: the image is being closed.
  public synchronized void resumeAll() {
    breakpoints.clear();
    stopped.clear();
    notifyAll();
  }

  public synchronized boolean isStopped(String tag) {
    return stopped.containsValue(tag);
  }

  /// True if this thread stands at a breakpoint.
  public synchronized boolean stands(Thread thread) {
    return stopped.containsKey(thread);
  }

  /// True if a thread stands at a breakpoint.
  public synchronized boolean anyStands() {
    return !stopped.isEmpty();
  }

  /// True if a request may stop, or has stopped.
  public synchronized boolean mayStop() {
    return !breakpoints.isEmpty() || !stopped.isEmpty();
  }
}
