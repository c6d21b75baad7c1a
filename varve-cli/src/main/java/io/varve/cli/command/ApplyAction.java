// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.UsageException;
import io.varve.engine.DiskAddress;
import io.varve.engine.model.ApplyOutcome;
import io.varve.engine.model.ApplySpec;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `varve disk apply`: puts a difference on another copy.
@Command(
    name = "apply",
    description = {
      "Puts a stream of 'snapshot diff --stream' on another copy of the disk.",
      "It comes from standard input, or from FILE. The result becomes a snapshot of DISK, called"
          + " as",
      "at the sender, and DISK goes to it.",
      "A stream of --full makes a new disk; every other one needs the snapshot that it goes on",
      "from, known by its identity, or by its content where the stream has --base-checksum.",
      "",
      "Nothing of DISK changes before the whole stream is there and its checksum matches. After a",
      "crash at any moment, apply the same stream again. Needs a pool on virtual storage.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  varve disk apply main/shop < shop-monday.vdiff",
      "  ssh prod varve snapshot diff shop@monday shop@tuesday --stream | varve disk apply shop",
      "  varve disk apply shop tuesday.vdiff --keep-as mine",
    })
final class ApplyAction extends Action {
  private static final int BUFFER = 1 << 16;

  @Parameters(index = "0", paramLabel = "DISK", description = "POOL/DISK where it is to be made")
  String disk = "";

  @Parameters(index = "1", arity = "0..1", paramLabel = "FILE", description = "with the stream")
  @Nullable Path file;

  @Option(
      names = "--as",
      paramLabel = "NAME",
      description = "name of the snapshot that comes (default: as at the sender)")
  @Nullable String as;

  @Option(
      names = "--base",
      paramLabel = "SNAP",
      description = "believe that this snapshot of DISK is what the stream goes on from")
  @Nullable String base;

  @Option(
      names = "--keep-as",
      paramLabel = "NAME",
      description = "keeps what was written to DISK since, in a snapshot of that name")
  @Nullable String keepAs;

  @Option(names = "--discard", description = "what was written to DISK since may be lost")
  boolean discard;

  @Option(names = "--stay", description = "DISK stays where it stands; only the snapshot comes")
  boolean stay;

  @Override
  void run(Session session) throws Exception {
    DiskAddress target = DiskAddress.parseDisk(disk);
    if (target.pool() == null) {
      Target place = Target.orExisting(session.varve(), disk);
      target = DiskAddress.disk(place.pool(), place.name());
    }
    String question = "Gives up what was written to %s since its last snapshot.".formatted(disk);
    if (discard && keepAs == null && !session.confirmed(question)) {
      return;
    }
    ApplySpec spec = new ApplySpec(as, keepAs, discard, stay, base);
    ApplyOutcome outcome;
    try (InputStream in = input(session)) {
      outcome = session.varve().diffs().apply(target, in, spec);
    }
    session.answer(Shapes.applied(outcome), lines(session, outcome));
  }

  private InputStream input(Session session) throws IOException {
    if (file != null) {
      return new BufferedInputStream(Files.newInputStream(file), BUFFER);
    }
    if (session.terminal().tty().in()) {
      throw new UsageException(
          "there is no stream on standard input, but your keyboard",
          "write: varve snapshot diff ... --stream | varve disk apply %s".formatted(disk));
    }
    return new BufferedInputStream(session.terminal().in(), BUFFER);
  }

  private static List<String> lines(Session session, ApplyOutcome outcome) {
    List<String> lines = new ArrayList<>();
    lines.add(
        outcome.already()
            ? "%s: here already, nothing was written".formatted(outcome.snapshot())
            : "%s: %s data and %s zero put on its base%s"
                .formatted(
                    outcome.snapshot(),
                    session.size(outcome.totals().dataBytes()),
                    session.size(outcome.totals().zeroBytes()),
                    outcome.verified() ? ", checksum of the result is right" : ""));
    lines.add(
        outcome.moved()
            ? "  the disk stands on it"
            : "  the disk stays where it was; go there: varve snapshot revert "
                + outcome.snapshot());
    return lines;
  }
}
