// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Where workers leave prepared pieces, and what writes them in the order of their numbers.
///
/// Whoever brings the piece whose turn it is writes it, and after it every next one that is there
/// already; the others go on preparing. So nobody waits for a turn, and a worker that the system
/// leaves aside for a while holds nobody up before all the writers are in use.
///
/// Any worker may call; a writer belongs to whom it was handed out, until he gives it away.
final class PieceQueue {
  private final boolean ordered;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition freed = lock.newCondition();
  private final int most;
  private final Supplier<PieceWriter> maker;
  private final List<PieceWriter> writers = new ArrayList<>();
  private final ArrayDeque<PieceWriter> free = new ArrayDeque<>();
  private final Map<Long, PieceWriter> ready = new HashMap<>();
  private long turn;
  private boolean writing;
  private volatile boolean stopped;

  /// @param ordered false lets every piece be written at once, side by side
  /// @param most writers that are made at most
  PieceQueue(boolean ordered, int most, Supplier<PieceWriter> maker) {
    this.ordered = ordered;
    this.most = most;
    this.maker = maker;
  }

  /// A writer for one piece, when there is one; null once another worker has failed. Must be called
  /// before the piece gets its number: so the lowest number always has a writer.
  @Nullable PieceWriter takeFree() {
    lock.lock();
    try {
      while (free.isEmpty() && writers.size() == most && !stopped) {
        freed.awaitUninterruptibly();
      }
      if (stopped) {
        return null;
      }
      if (free.isEmpty()) {
        writers.add(maker.get());
        return writers.getLast();
      }
      return free.removeFirst();
    } finally {
      lock.unlock();
    }
  }

  void giveBack(PieceWriter writer) {
    lock.lock();
    try {
      // The one used last: its memory is still in the processor's cache.
      free.addFirst(writer);
      freed.signal();
    } finally {
      lock.unlock();
    }
  }

  /// Takes a prepared piece to be written, and writes what can be written now.
  void bring(long number, PieceWriter writer) throws IOException {
    if (!ordered) {
      writer.finish();
      giveBack(writer);
      return;
    }
    if (!begin(number, writer)) {
      return;
    }
    for (PieceWriter next = next(); next != null; next = next()) {
      next.finish();
      giveBack(next);
    }
  }

  /// False if another worker is writing: he will come to this piece.
  private boolean begin(long number, PieceWriter writer) {
    lock.lock();
    try {
      ready.put(number, writer);
      if (writing) {
        return false;
      }
      writing = true;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /// The piece whose turn it is; null if it is not there yet, and then nobody is writing any more.
  private @Nullable PieceWriter next() {
    lock.lock();
    try {
      PieceWriter next = stopped ? null : ready.remove(turn);
      if (next == null) {
        writing = false;
      } else {
        turn++;
      }
      return next;
    } finally {
      lock.unlock();
    }
  }

  /// After a failure: hands out no writer any more and writes nothing.
  void stop() {
    stopped = true;
    lock.lock();
    try {
      freed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Closes all writers, after all workers have ended, and returns how many bytes they wrote.
  long close() {
    long written = 0;
    for (PieceWriter writer : writers) {
      written += writer.written();
      writer.close();
    }
    return written;
  }

  boolean stopped() {
    return stopped;
  }
}
