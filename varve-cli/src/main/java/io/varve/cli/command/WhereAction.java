// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.text.Table;
import io.varve.cli.text.Table.Column;
import io.varve.engine.DiskAddress;
import io.varve.engine.model.WhereExtent;
import io.varve.image.ExtentKind;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Where the bytes of a disk lie.
@Command(
    name = "where",
    description = {
      "Says where bytes of a disk lie on the host. Which layer holds them, at which place in its",
      "file, and whether they are data, zero or nothing; also for what a disk was at a snapshot.",
      "Without OFFSET the whole disk is shown; without LENGTH one byte.",
      "Layers are named by what froze them: DISK@SNAP, or POOL/DISK for the one being written.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  varve where shop 0x100000",
      "  varve where shop@clean 1M 16M",
      "  varve where shop --data",
    })
final class WhereAction extends Action {
  @Parameters(index = "0", paramLabel = "DISK[@SNAP]")
  String source = "";

  @Parameters(index = "1", arity = "0..1", paramLabel = "OFFSET", converter = SizeConverter.class)
  @Nullable Long offset;

  @Parameters(index = "2", arity = "0..1", paramLabel = "LENGTH", converter = SizeConverter.class)
  @Nullable Long length;

  @Option(names = "--data", description = "leaves out what no layer holds")
  boolean dataOnly;

  @Override
  void run(Session session) {
    DiskAddress address = DiskAddress.parse(source);
    long from = offset == null ? 0 : offset;
    long bytes = length != null ? length : offset != null ? 1 : size(session, address);
    List<WhereExtent> extents =
        session.varve().data().where(address, from, bytes).stream()
            .filter(extent -> !dataOnly || extent.kind() != ExtentKind.NONE)
            .toList();
    session.answer(
        Shapes.shape()
            .with("source", source)
            .with("extents", extents.stream().map(Shapes::extent).toList()),
        table(session, extents),
        "nothing: no layer holds any of it, and it reads as zero");
  }

  private static long size(Session session, DiskAddress address) {
    return address.snapshot() == null
        ? session.varve().disks().show(address).size()
        : session.varve().snapshots().show(address).size();
  }

  private static Table table(Session session, List<WhereExtent> extents) {
    Table table =
        new Table(
            Column.right("GUEST OFFSET"),
            Column.right("LENGTH"),
            Column.left("KIND"),
            Column.left("LAYER"),
            Column.right("HOST OFFSET"),
            Column.left("FILE"));
    for (WhereExtent extent : extents) {
      table.row(
          offset(session, extent.start()),
          session.size(extent.length()),
          words(extent.kind()),
          extent.layerName().isEmpty() ? "-" : extent.layerName(),
          extent.hostOffset() < 0 ? "-" : offset(session, extent.hostOffset()),
          extent.file() == null ? "-" : extent.file().getFileName());
    }
    return table;
  }

  private static String offset(Session session, long bytes) {
    return session.options().exact ? Long.toString(bytes) : "0x" + Long.toHexString(bytes);
  }

  private static String words(ExtentKind kind) {
    return switch (kind) {
      case DATA -> "data";
      case ZERO -> "zero";
      case ZERO_ALLOCATED -> "zero, reserved";
      case COMPRESSED -> "compressed";
      case NONE -> "nothing";
    };
  }
}
