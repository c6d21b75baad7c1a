// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.model.GuestIo;
import io.varve.engine.model.HostIo;
import io.varve.image.storage.IoCounts;
import java.util.concurrent.atomic.LongAdder;

/// Counts what a guest asks for. Any thread.
final class GuestCounters {
  private final LongAdder reads = new LongAdder();
  private final LongAdder readBytes = new LongAdder();
  private final LongAdder writes = new LongAdder();
  private final LongAdder writeBytes = new LongAdder();
  private final LongAdder discards = new LongAdder();
  private final LongAdder flushes = new LongAdder();

  void read(long bytes) {
    reads.increment();
    readBytes.add(bytes);
  }

  void write(long bytes) {
    writes.increment();
    writeBytes.add(bytes);
  }

  void discard() {
    discards.increment();
  }

  void flush() {
    flushes.increment();
  }

  GuestIo now() {
    return new GuestIo(
        reads.sum(),
        readBytes.sum(),
        writes.sum(),
        writeBytes.sum(),
        discards.sum(),
        flushes.sum());
  }

  static HostIo host(IoCounts counts) {
    return new HostIo(
        counts.reads(),
        counts.readBytes(),
        counts.writes(),
        counts.writeBytes(),
        counts.flushes(),
        counts.punches(),
        counts.punchedBytes());
  }
}
