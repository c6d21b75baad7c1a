// SPDX-License-Identifier: Apache-2.0
package io.varve.img.text;

import io.varve.image.op.Progress;
import io.varve.img.Console;
import java.io.PrintStream;

/// What `-p` prints: ` (12.34/100%)` and a carriage return, whenever another percent is done.
///
/// **Threads.** One at a time, as [Progress] promises.
public final class ProgressText implements Progress {
  private final PrintStream out;
  private final boolean enabled;
  private double current;
  private double printed;

  /// @param enabled false prints nothing
  public ProgressText(Console console, boolean enabled) {
    this.out = console.out();
    this.enabled = enabled;
  }

  /// So much is done, of a hundred.
  public void set(double percent) {
    current = Math.min(100, percent);
    if (current > printed + 1 || current < printed - 1 || current == 100 || current == 0) {
      printed = current;
      if (enabled) {
        print();
      }
    }
  }

  @Override
  public void advance(long doneBytes, long totalBytes) {
    set(totalBytes <= 0 ? 100 : 100.0 * doneBytes / totalBytes);
  }

  /// Ends the line.
  public void end() {
    if (enabled) {
      out.print("\n");
      out.flush();
    }
  }

  private void print() {
    long hundredths = Math.round(current * 100);
    long rest = hundredths % 100;
    out.print("    (" + hundredths / 100 + (rest < 10 ? ".0" : ".") + rest + "/100%)\r");
    out.flush();
  }
}
