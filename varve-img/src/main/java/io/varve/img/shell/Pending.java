// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayDeque;
import java.util.Deque;

/// Asynchronous requests that were submitted and not reported yet. They have run already: one that
/// is waited for is indistinguishable from one that was fast. Reported are those that failed their
/// check first, and each kind with the youngest first, as an event loop finds them.
final class Pending {
  /// Says how a request ended.
  interface Report {
    void print(PrintStream out) throws IOException;
  }

  private final PrintStream out;
  private final Deque<Report> refused = new ArrayDeque<>();
  private final Deque<Report> done = new ArrayDeque<>();

  Pending(PrintStream out) {
    this.out = out;
  }

  /// A request that never reached the image.
  void addRefused(Report report) {
    refused.push(report);
  }

  void add(Report report) {
    done.push(report);
  }

  /// What the event loop reports without waiting.
  void reportRefused() {
    report(refused);
  }

  /// Waits for all.
  void reportAll() {
    report(refused);
    report(done);
  }

  private void report(Deque<Report> reports) {
    while (!reports.isEmpty()) {
      try {
        reports.pop().print(out);
      } catch (IOException e) {
        out.print(DeviceException.words(e) + "\n");
      }
    }
  }
}
