// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.text.Json;
import io.varve.engine.DiskAddress;
import io.varve.engine.model.DiffView;
import io.varve.image.diff.RangeSink;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/// Prints a difference as one JSON object while its ranges come: they may be more than memory
/// holds. Sums follow the ranges.
final class DiffJson implements RangeSink {
  private final PrintStream out;
  private boolean first = true;

  DiffJson(PrintStream out, @Nullable DiskAddress from, DiskAddress to) {
    this.out = out;
    out.println("{");
    out.println("  \"from\" : " + (from == null ? "null" : Json.of(from.toString())) + ",");
    out.println("  \"to\" : " + Json.of(to.toString()) + ",");
    out.print("  \"ranges\" : [");
  }

  @Override
  public void range(long start, long length, boolean zero) {
    out.println(first ? "" : ",");
    first = false;
    out.print(
        "    { \"start\" : %d, \"length\" : %d, \"kind\" : \"%s\" }"
            .formatted(start, length, DiffAction.kind(zero)));
  }

  void end(DiffView view) {
    out.println(first ? "]," : "\n  ],");
    out.println("  \"fromSize\" : " + view.fromSize() + ",");
    out.println("  \"toSize\" : " + view.toSize() + ",");
    out.println("  \"rangeCount\" : " + view.totals().ranges() + ",");
    out.println("  \"dataBytes\" : " + view.totals().dataBytes() + ",");
    out.println("  \"zeroBytes\" : " + view.totals().zeroBytes());
    out.println("}");
  }
}
