// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.GuestOffset;
import io.varve.image.chain.Chain;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// Sends equal requests to a disk, several at a time: a simple benchmark. Whoever calls it holds
/// the watch.
public final class BenchOp {
  private final Chain disk;
  private final Load load;
  private final long size;
  private long position;
  private int sent;
  private boolean failed;

  /// What is sent.
  ///
  /// @param write write requests, else read requests
  /// @param count how many requests
  /// @param depth how many at a time, each by a thread of its own
  /// @param bufferSize bytes of each
  /// @param offset guest offset of the first
  /// @param step distance from one to the next, bytes; at the end of the disk it starts over
  /// @param pattern byte that is written
  /// @param flushInterval flush after so many requests, 0 never
  /// @param drain let requests end before a flush is sent, and that before the next ones
  public record Load(
      boolean write,
      int count,
      int depth,
      int bufferSize,
      long offset,
      long step,
      int pattern,
      int flushInterval,
      boolean drain) {}

  private BenchOp(Chain disk, Load load) {
    this.disk = disk;
    this.load = load;
    this.size = disk.size();
    this.position = load.offset();
  }

  /// Sends everything and returns when it has been answered.
  ///
  /// @throws IOException the first failed request; one that passes the end of the disk fails too
  public static void run(Chain disk, Load load) throws IOException {
    BenchOp op = new BenchOp(disk, load);
    boolean drained = load.flushInterval() > 0 && load.drain();
    int round = drained ? load.flushInterval() : load.count();
    for (int end = 0; end < load.count(); ) {
      end = (int) Math.min(load.count(), (long) end + round);
      int most = end;
      Workers.run(Math.min(load.depth(), round), () -> op.work(most));
      if (drained && end % load.flushInterval() == 0) {
        disk.flush();
      }
    }
  }

  private void work(int end) {
    byte[] buffer = new byte[load.bufferSize()];
    Arrays.fill(buffer, (byte) load.pattern());
    try {
      while (true) {
        long at;
        int number;
        synchronized (this) {
          if (sent == end || failed) {
            return;
          }
          number = ++sent;
          at = position;
          position = size == 0 ? 0 : (position + load.step()) % size;
        }
        request(at, ByteBuffer.wrap(buffer));
        if (!load.drain() && load.flushInterval() > 0 && number % load.flushInterval() == 0) {
          disk.flush();
        }
      }
    } catch (IOException e) {
      fail();
      throw new UncheckedIOException(e);
    }
  }

  private void request(long at, ByteBuffer buffer) throws IOException {
    if (at > size || buffer.remaining() > size - at) {
      throw new IOException("%s: request behind the end".formatted(disk.top().name()));
    }
    if (load.write()) {
      disk.write(GuestOffset.of(at), buffer);
    } else {
      disk.read(GuestOffset.of(at), buffer);
    }
  }

  private synchronized void fail() {
    failed = true;
  }
}
