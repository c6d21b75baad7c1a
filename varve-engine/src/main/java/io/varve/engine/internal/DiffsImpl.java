// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.Diffs;
import io.varve.engine.DiskAddress;
import io.varve.engine.Names;
import io.varve.engine.model.ApplyOutcome;
import io.varve.engine.model.ApplySpec;
import io.varve.engine.model.DiffSpec;
import io.varve.engine.model.DiffView;
import io.varve.image.diff.DiffHeader;
import io.varve.image.diff.DiffOp;
import io.varve.image.diff.DiffSender;
import io.varve.image.diff.DiffTotals;
import io.varve.image.diff.DifferentBytes;
import io.varve.image.diff.DiskDigest;
import io.varve.image.diff.RangeSink;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/// Differences between states of disks.
final class DiffsImpl implements Diffs {
  private final Parts parts;

  DiffsImpl(Parts parts) {
    this.parts = parts;
  }

  @Override
  public DiffView ranges(
      @Nullable DiskAddress from, DiskAddress to, boolean byContent, RangeSink sink) {
    try (DiffSource source = DiffSource.open(parts, from, to)) {
      long[] sums = new long[3];
      RangeSink counted =
          (start, length, zero) -> {
            sums[0]++;
            sums[zero ? 2 : 1] += length;
            sink.range(start, length, zero);
          };
      if (byContent) {
        DifferentBytes.ranges(source.sides(), counted);
      } else {
        DiffOp.ranges(source.sides(), counted);
      }
      return view(source, new DiffTotals(sums[0], sums[1], sums[2]));
    } catch (IOException e) {
      throw Problems.of(e);
    }
  }

  @Override
  public DiffView send(
      @Nullable DiskAddress from, DiskAddress to, DiffSpec spec, OutputStream out) {
    try (DiffSource source = DiffSource.open(parts, from, to)) {
      DiffTotals totals =
          DiffSender.send(
              source.sides(),
              header(source, spec),
              spec.byContent(),
              out,
              parts.context().progress("send"),
              parts.context().progress("checksum"));
      return view(source, totals);
    } catch (IOException e) {
      throw Problems.of(e);
    }
  }

  private DiffHeader header(DiffSource source, DiffSpec spec) throws IOException {
    DiffSource.State from = source.from();
    DiffSource.State to = source.to();
    byte[] base =
        from != null && spec.baseDigest()
            ? DiskDigest.of(from.opened().chain(), parts.context().progress("checksum of base"))
            : null;
    return new DiffHeader(
        from == null ? 0 : from.size(),
        to.size(),
        from != null,
        from == null ? null : from.id(),
        // A disk goes on changing: what is sent of it now gets a name that nothing else has.
        to.id() == null ? parts.context().newId() : to.id(),
        base,
        spec.resultDigest(),
        to.id() == null ? parts.context().now() : to.createdMillis(),
        DiffOp.total(source.sides()),
        to.found().disk().name(),
        from == null ? "" : snapshot(from.address()),
        snapshot(to.address()));
  }

  private static String snapshot(String address) {
    int at = address.indexOf('@');
    String name = at < 0 ? "" : address.substring(at + 1);
    // A snapshot that QEMU made may have any name; the receiver chooses one where it cannot be
    // kept.
    return Names.isValid(name) ? name : "";
  }

  private static DiffView view(DiffSource source, DiffTotals totals) {
    DiffSource.State from = source.from();
    return new DiffView(
        from == null ? null : from.address(),
        source.to().address(),
        from == null ? 0 : from.size(),
        source.to().size(),
        totals);
  }

  @Override
  public ApplyOutcome apply(DiskAddress target, InputStream in, ApplySpec spec) {
    return Problems.guard(() -> new ApplyStream(parts, target, spec).run(in));
  }
}
