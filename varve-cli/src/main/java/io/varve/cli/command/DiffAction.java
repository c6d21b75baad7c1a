// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.UsageException;
import io.varve.cli.text.Count;
import io.varve.engine.DiskAddress;
import io.varve.engine.model.DiffSpec;
import io.varve.engine.model.DiffView;
import io.varve.image.diff.RangeSink;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `varve snapshot diff`: what changed between two states of a disk.
@Command(
    name = "diff",
    description = {
      "Lists the ranges that changed from one state of a disk to another.",
      "The two are any snapshots of one tree, also of different branches or of a clone, or the"
          + " disk",
      "as it is now. It is computed from the indexes of the layers between them: the cost goes"
          + " with",
      "what changed, not with the size of the disk. A range that was written with the bytes it had",
      "is listed, too; --compare reads both sides and leaves it out.",
      "",
      "With --stream it writes the ranges with their bytes, for 'varve disk apply' elsewhere.",
      "The stream ends with a checksum of the result, for which the data of TO is read once.",
      "--full sends all of TO, which makes a new disk where it is applied.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  varve snapshot diff shop@monday shop@tuesday",
      "  varve snapshot diff shop@monday shop --json",
      "  varve snapshot diff --full shop@monday --stream > shop-monday.vdiff",
      "  varve snapshot diff shop@monday shop@tuesday --stream |",
      "    ssh backup varve disk apply shop",
    })
final class DiffAction extends Action {
  @Parameters(
      index = "0",
      paramLabel = "FROM",
      description = "DISK@SNAP, or DISK for what it is now; with --full the state to send")
  String first = "";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "TO",
      description = "DISK@SNAP, @SNAP of the same disk, or DISK for what it is now")
  @Nullable String second;

  @Option(names = "--full", description = "everything that the state holds: there is no FROM")
  boolean full;

  @Option(
      names = "--compare",
      description = "reads both sides and leaves out blocks of 4 KiB whose bytes are equal")
  boolean compare;

  @Option(names = "--stream", description = "writes the bytes too, as a stream for 'disk apply'")
  boolean stream;

  @Option(
      names = "--no-checksum",
      description = "stream: without the checksum of the result; TO is not read as a whole")
  boolean noChecksum;

  @Option(
      names = "--base-checksum",
      description =
          "stream: with a checksum of FROM, so that a copy that was made by other means is known")
  boolean baseChecksum;

  @Override
  void run(Session session) {
    DiskAddress to = DiskAddress.parse(full ? first : second());
    DiskAddress from = full ? null : DiskAddress.parse(first);
    if (!stream && (noChecksum || baseChecksum)) {
      throw new UsageException(
          "--no-checksum and --base-checksum are for streams", "add --stream, or leave them out");
    }
    if (stream) {
      send(session, from, to);
    } else {
      list(session, from, to);
    }
  }

  /// `@SNAP` alone is of the disk that FROM names.
  private String second() {
    String to = second;
    if (to == null) {
      throw new UsageException(
          "snapshot diff needs TO",
          "write: varve snapshot diff DISK@OLD DISK@NEW, or DISK@OLD DISK for what it is now");
    }
    return to.startsWith("@") ? DiskAddress.parse(first).diskOnly() + to : to;
  }

  private void send(Session session, @Nullable DiskAddress from, DiskAddress to) {
    if (full && second != null) {
      throw new UsageException("--full has one state only", "leave '" + second + "' out");
    }
    if (session.json()) {
      throw new UsageException(
          "a stream is no JSON", "leave --json or --stream out: they are two answers");
    }
    if (session.terminal().tty().out()) {
      throw new UsageException(
          "the bytes of a disk would go to your terminal",
          "send them on: ... | varve disk apply DISK, or ... > FILE");
    }
    DiffSpec spec =
        DiffSpec.USUAL
            .withByContent(compare)
            .withResultDigest(!noChecksum)
            .withBaseDigest(baseChecksum);
    DiffView sent = session.varve().diffs().send(from, to, spec, session.terminal().out());
    session.terminal().flush();
    session.note(
        "sent %s to %s: %s"
            .formatted(
                sent.from() == null ? "nothing" : sent.from(), sent.to(), sum(session, sent)));
  }

  private void list(Session session, @Nullable DiskAddress from, DiskAddress to) {
    PrintStream out = session.terminal().out();
    if (session.json()) {
      DiffJson json = new DiffJson(out, from, to);
      json.end(session.varve().diffs().ranges(from, to, compare, json));
      return;
    }
    RangeSink lines =
        session.script()
            ? (start, length, zero) -> out.println(start + "\t" + length + "\t" + kind(zero))
            : (start, length, zero) ->
                out.println(
                    String.format(
                        Locale.ROOT, "%#14x  %10s  %s", start, session.size(length), kind(zero)));
    DiffView view = session.varve().diffs().ranges(from, to, compare, lines);
    if (!session.script()) {
      session.also(
          List.of(
              "%s to %s: %s"
                  .formatted(
                      view.from() == null ? "nothing" : view.from(),
                      view.to(),
                      sum(session, view))));
    }
  }

  static String kind(boolean zero) {
    return zero ? "zero" : "data";
  }

  private static String sum(Session session, DiffView view) {
    String size =
        view.from() == null || view.fromSize() == view.toSize()
            ? ""
            : ", size %s to %s"
                .formatted(session.size(view.fromSize()), session.size(view.toSize()));
    return "%s, %s data, %s zero%s"
        .formatted(
            Count.of(view.totals().ranges(), "range"),
            session.size(view.totals().dataBytes()),
            session.size(view.totals().zeroBytes()),
            size);
  }
}
