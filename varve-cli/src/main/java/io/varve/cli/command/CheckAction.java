// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.text.Table;
import io.varve.cli.text.Table.Column;
import io.varve.engine.DiskAddress;
import io.varve.engine.model.NodeRole;
import io.varve.engine.model.SnapshotTree;
import io.varve.engine.model.TreeNode;
import io.varve.image.LayerFormat;
import io.varve.image.qcow2.check.CheckReport;
import io.varve.image.qcow2.check.Finding;
import io.varve.image.qcow2.check.Qcow2Check;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// Checks every layer of a disk.
@Command(
    name = "check",
    description = {
      "Checks every layer file of a disk's tree. Each file's tables are followed and its refcounts",
      "compared with what they should be, as 'qemu-img check' does; nothing is written. Clones of",
      "the disk are disks of their own, and are left to their own check.",
      "Exit codes are qemu-img's: 0 clean, 2 corrupt, 3 leaks only (space is lost, data is not),",
      "1 if a file could not be checked.",
    },
    footerHeading = "%nExample:%n",
    footer = "  varve check shop")
final class CheckAction extends Action {
  private static final int FINDINGS_SHOWN = 8;

  @Parameters(paramLabel = "DISK")
  String disk = "";

  @Override
  void run(Session session) throws Exception {
    SnapshotTree tree = session.varve().snapshots().tree(DiskAddress.parseDisk(disk), false);
    Map<Path, CheckReport> reports = new LinkedHashMap<>();
    if (tree.disk().format() == LayerFormat.QCOW2) {
      for (TreeNode node : tree.nodes()) {
        boolean clone = node.role() == NodeRole.ACTIVE && !node.youAreHere();
        if (!clone && !reports.containsKey(node.file())) {
          reports.put(node.file(), check(session, node.file()));
        }
      }
    }
    CheckReport.Verdict worst =
        reports.values().stream()
            .map(CheckReport::verdict)
            .min(Enum::compareTo)
            .orElse(CheckReport.Verdict.CLEAN);
    session.answer(
        Shapes.shape()
            .with("disk", tree.disk().address())
            .with("verdict", Shapes.word(worst))
            .with(
                "layers",
                reports.entrySet().stream().map(e -> shape(e.getKey(), e.getValue())).toList()),
        lines(session, tree, reports));
    session.exitWith(worst.exitCode());
  }

  private static CheckReport check(Session session, Path file) throws IOException {
    try (FileStorage storage =
        FileStorage.open(file, FileAccess.READ_ONLY, LockMode.SHARED_READER)) {
      return Qcow2Check.check(
          storage,
          (done, total) -> session.progress("checking " + file.getFileName(), done, total));
    }
  }

  private static Shapes.Shape shape(Path file, CheckReport report) {
    return Shapes.shape()
        .with("file", file.toString())
        .with("verdict", Shapes.word(report.verdict()))
        .with("corruptions", report.corruptions())
        .with("leaks", report.leaks())
        .with("checkErrors", report.checkErrors())
        .with("allocatedClusters", report.allocatedClusters())
        .with("totalClusters", report.totalClusters())
        .with("imageEndBytes", report.imageEndOffset())
        .with("findings", report.findings().stream().map(Finding::toString).toList());
  }

  /// The first few; the counts in the table go on, and JSON has more.
  private static List<String> findings(Path file, CheckReport report) {
    List<String> lines = new ArrayList<>();
    report.findings().stream()
        .limit(FINDINGS_SHOWN)
        .forEach(finding -> lines.add("  " + file.getFileName() + ": " + finding));
    long more = report.corruptions() + report.leaks() + report.checkErrors() - lines.size();
    if (more > 0) {
      lines.add("  " + file.getFileName() + ": and " + more + " more");
    }
    return lines;
  }

  private static List<String> lines(
      Session session, SnapshotTree tree, Map<Path, CheckReport> reports) {
    if (reports.isEmpty()) {
      return List.of(
          "%s: format %s has no index to check"
              .formatted(tree.disk().address(), tree.disk().format().id()));
    }
    Table table =
        new Table(
            Column.left("FILE"),
            Column.left("VERDICT"),
            Column.right("CORRUPT"),
            Column.right("LEAKS"),
            Column.right("CLUSTERS"));
    List<String> findings = new ArrayList<>();
    reports.forEach((file, report) -> {
      table.row(
          file.getFileName(),
          Shapes.word(report.verdict()),
          report.corruptions(),
          report.leaks(),
          report.allocatedClusters());
      findings.addAll(findings(file, report));
    });
    List<String> lines = new ArrayList<>();
    lines.addAll(session.script() ? table.forScripts() : table.forPeople(""));
    lines.addAll(findings);
    return lines;
  }
}
