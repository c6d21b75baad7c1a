// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import java.util.concurrent.atomic.LongAdder;

/// Running counts of one or several storages. From any thread, without waiting.
public final class IoCounters {
  private final LongAdder reads = new LongAdder();
  private final LongAdder readBytes = new LongAdder();
  private final LongAdder writes = new LongAdder();
  private final LongAdder writeBytes = new LongAdder();
  private final LongAdder flushes = new LongAdder();
  private final LongAdder punches = new LongAdder();
  private final LongAdder punchedBytes = new LongAdder();

  void read(long bytes) {
    reads.increment();
    readBytes.add(bytes);
  }

  void write(long bytes) {
    writes.increment();
    writeBytes.add(bytes);
  }

  void flush() {
    flushes.increment();
  }

  void punch(long bytes) {
    punches.increment();
    punchedBytes.add(bytes);
  }

  /// The counts now; with calls running, some of a call may be in and some not.
  public IoCounts snapshot() {
    return new IoCounts(
        reads.sum(),
        readBytes.sum(),
        writes.sum(),
        writeBytes.sum(),
        flushes.sum(),
        punches.sum(),
        punchedBytes.sum());
  }
}
