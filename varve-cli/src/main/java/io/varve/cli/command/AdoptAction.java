// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.UsageException;
import io.varve.cli.text.Count;
import io.varve.engine.model.AdoptReport;
import io.varve.engine.model.AdoptSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `varve disk adopt`: takes a chain that QEMU or libvirt made.
@Command(
    name = "adopt",
    description = {
      "Takes a chain that QEMU or libvirt made into a pool, without copying.",
      "FILE is the newest of the chain, which the VM opens; what it stands on is found by the"
          + " names",
      "in the files, beside them. The files are moved into the pool and renamed there; each file",
      "beneath becomes a snapshot, called after its file. QEMU opens them afterwards as before,",
      "by their new names: change the VM's configuration. The VM must be down. Cut short, it is",
      "finished at the next use of the pool, or everything is put back.",
      "",
      "The name of a base must come with its format (-F qcow2). Disks that share a base are"
          + " adopted",
      "together (--also). Bases in other folders must be named, as further FILEs.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  varve disk adopt main/web /var/lib/libvirt/images/web.snap2 --dry-run",
      "  varve disk adopt main/web web.snap2 --snapshot installed --snapshot patched",
      "  varve disk adopt main/a a.qcow2 --also b=b.qcow2      two overlays on one base",
      "  varve disk adopt main/web /mnt/other/web.snap2 --copy",
    })
final class AdoptAction extends Action {
  @Parameters(index = "0", paramLabel = "[POOL/]NAME")
  String name = "";

  @Parameters(index = "1..*", arity = "1..*", paramLabel = "FILE")
  List<Path> files = new ArrayList<>();

  @Option(
      names = "--also",
      paramLabel = "NAME=FILE",
      description = "another disk, which shares a base with the first")
  List<String> also = new ArrayList<>();

  @Option(
      names = "--snapshot",
      paramLabel = "SNAP",
      description = "name for a file that becomes a snapshot; once for each, the lowest first")
  List<String> snapshots = new ArrayList<>();

  @Option(
      names = "--copy",
      description = "takes copies (shared blocks where the store can) and leaves the files alone")
  boolean copy;

  @Option(
      names = {"-n", "--dry-run"},
      description = "only says what would be done")
  boolean dryRun;

  @Override
  void run(Session session) {
    Target target = Target.of(session.varve(), name);
    List<AdoptSpec.Top> tops = new ArrayList<>();
    tops.add(new AdoptSpec.Top(target.name(), absolute(files.getFirst())));
    for (String each : also) {
      tops.add(other(each, target.pool()));
    }
    List<Path> bases = files.stream().skip(1).map(AdoptAction::absolute).toList();
    AdoptSpec spec = new AdoptSpec(target.pool(), tops, bases, snapshots, copy, dryRun);
    AdoptReport report = session.varve().upkeep().adopt(spec);
    session.answer(Shapes.adopted(report), lines(report));
  }

  private static Path absolute(Path file) {
    return file.toAbsolutePath().normalize();
  }

  private static AdoptSpec.Top other(String text, String pool) {
    int equals = text.indexOf('=');
    if (equals <= 0) {
      throw new UsageException(
          "--also: '" + text + "' is not NAME=FILE", "write: --also web2=web2.qcow2");
    }
    String name = text.substring(0, equals);
    if (name.startsWith(pool + "/")) {
      name = name.substring(pool.length() + 1);
    }
    return new AdoptSpec.Top(name, absolute(Path.of(text.substring(equals + 1))));
  }

  private List<String> lines(AdoptReport report) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "%s%s %s into pool %s"
            .formatted(
                report.done() ? "" : "would take: ",
                Count.of(report.files().size(), "file"),
                copy ? "copied" : "moved",
                report.pool()));
    for (AdoptReport.File file : report.files()) {
      lines.add(
          "  %s%s  %s"
              .formatted(
                  file.disk(), file.snapshot() == null ? "" : "@" + file.snapshot(), file.from()));
      lines.add("      " + file.to());
    }
    report.notes().forEach(note -> lines.add("  note: " + note));
    return lines;
  }
}
