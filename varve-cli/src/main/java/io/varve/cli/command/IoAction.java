// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.UsageException;
import io.varve.cli.text.ByteSize;
import io.varve.engine.DiskAddress;
import io.varve.engine.model.DiskIo;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.IoProbeRow;
import io.varve.engine.model.IoProbeSpec;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// What the guest's I/O costs on the host.
@Command(
    name = "io",
    description = {
      "Shows what the guest's I/O costs on the host. What the disk was asked for through Varve,"
          + " and",
      "the reads, writes, bytes and flushes of that, counted by the storage itself. With --probe it"
          + " makes the",
      "experiment instead: scratch images in the disk's pool are written before and after a",
      "snapshot of each kind, and the cost of one guest write is shown for each moment.",
      "COW is a compute snapshot, ROW a storage snapshot; bytes are read plus written.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  varve io shop",
      "  varve io shop --probe --write-size 4K",
    })
final class IoAction extends Action {
  @Parameters(paramLabel = "DISK")
  String disk = "";

  @Option(names = "--reset", description = "sets the counters to zero after showing them")
  boolean reset;

  @Option(names = "--probe", description = "measures what a write costs, on scratch images")
  boolean probe;

  @Option(
      names = "--writes",
      paramLabel = "N",
      defaultValue = "64",
      description = "probe: guest writes for each figure (default: 64)")
  int writes;

  @Option(
      names = "--write-size",
      paramLabel = "SIZE",
      converter = SizeConverter.class,
      defaultValue = "4K",
      description = "probe: bytes of each (default: 4K)")
  long writeSize;

  @Option(
      names = "--cluster-size",
      paramLabel = "SIZE",
      converter = SizeConverter.class,
      defaultValue = "64K",
      description = "probe: clusters of the scratch images (default: 64K)")
  long clusterSize;

  @Option(names = "--extended-l2", description = "probe: scratch images with subclusters")
  boolean extendedL2;

  @Override
  void run(Session session) {
    DiskAddress address = DiskAddress.parseDisk(disk);
    if (probe) {
      probe(session, session.varve().disks().show(address).pool());
      return;
    }
    DiskIo io = session.varve().data().io(address);
    List<String> lines = new ArrayList<>();
    if (session.script()) {
      lines.addAll(IoText.counters(session, io).forScripts());
    } else {
      lines.add("disk %s, through Varve, since it was made or reset:".formatted(disk));
      lines.addAll(IoText.counters(session, io).forPeople("  "));
    }
    session.answer(Shapes.io(io).with("disk", disk), lines);
    if (reset) {
      session.varve().data().resetIo(address);
      session.note("counters set to zero");
    }
  }

  private void probe(Session session, String pool) {
    if (writeSize > DiskSpec.DEFAULT_CLUSTER_SIZE * 1024L || clusterSize > Integer.MAX_VALUE) {
      throw new UsageException("that is too large to probe with", "choose sizes up to 2M");
    }
    IoProbeSpec spec = new IoProbeSpec(writes, (int) writeSize, (int) clusterSize, extendedL2);
    List<IoProbeRow> rows = session.varve().data().ioProbe(pool, spec);
    List<String> lines = new ArrayList<>();
    lines.add(
        "one guest write of %s on %s clusters%s, pool %s: what it cost on the host"
            .formatted(
                ByteSize.human(writeSize),
                ByteSize.human(clusterSize),
                extendedL2 ? " with subclusters" : "",
                pool));
    lines.addAll(IoText.probe(rows));
    session.answer(
        Shapes.shape()
            .with("pool", pool)
            .with("writes", writes)
            .with("writeSize", writeSize)
            .with("clusterSize", clusterSize)
            .with("extendedL2", extendedL2)
            .with("rows", rows.stream().map(Shapes::probe).toList()),
        lines);
  }
}
