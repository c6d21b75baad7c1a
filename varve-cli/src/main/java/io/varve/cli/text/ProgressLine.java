// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.text;

import java.io.PrintStream;
import java.time.Duration;

/// One line on standard error that is written over as work proceeds: `importing shop 42% 1.2 GiB of
/// 2.9 GiB 410 MiB/s about 4 s left`. Any thread may report. Nothing is written in the first
/// moments, so that short work stays silent.
public final class ProgressLine implements AutoCloseable {
  private static final long SILENT_NANOS = 400_000_000;
  private static final long BETWEEN_NANOS = 100_000_000;

  private final PrintStream to;
  private final String label;
  private final long startNanos = System.nanoTime();
  private long shownNanos = startNanos + SILENT_NANOS - BETWEEN_NANOS;
  private int shownWidth;

  public ProgressLine(PrintStream to, String label) {
    this.to = to;
    this.label = label;
  }

  /// Tells how far the work is.
  ///
  /// @param total bytes to do in all, 0 if unknown
  public synchronized void show(long done, long total) {
    long now = System.nanoTime();
    if (now - shownNanos < BETWEEN_NANOS) {
      return;
    }
    shownNanos = now;
    String line = line(label, done, total, Duration.ofNanos(now - startNanos));
    to.print("\r" + line + " ".repeat(Math.max(0, shownWidth - line.length())));
    to.flush();
    shownWidth = line.length();
  }

  static String line(String label, long done, long total, Duration elapsed) {
    double seconds = Math.max(elapsed.toNanos() / 1e9, 1e-3);
    double rate = done / seconds;
    String speed = "  " + ByteSize.human((long) rate) + "/s";
    if (total <= 0) {
      return label + "  " + ByteSize.human(done) + speed;
    }
    String left =
        done == 0 || done >= total
            ? ""
            : "  about "
                + Elapsed.human(Duration.ofSeconds((long) Math.ceil((total - done) / rate)))
                + " left";
    return "%s  %3d%%  %s of %s%s%s"
        .formatted(
            label, percent(done, total), ByteSize.human(done), ByteSize.human(total), speed, left);
  }

  /// 100 only when all is done.
  private static int percent(long done, long total) {
    return done >= total ? 100 : (int) Math.min(99, 100.0 * done / total);
  }

  /// Wipes the line.
  @Override
  public synchronized void close() {
    if (shownWidth > 0) {
      to.print("\r" + " ".repeat(shownWidth) + "\r");
      to.flush();
      shownWidth = 0;
    }
  }
}
