// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.ExitCode;
import io.varve.cli.text.Count;
import io.varve.engine.model.DoctorReport;
import io.varve.engine.model.DoctorReport.Ailment;
import io.varve.engine.model.DoctorSpec;
import io.varve.engine.model.PoolView;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `varve doctor`: what is wrong with a pool, and what mends it.
@Command(
    name = "doctor",
    description = {
      "Finds what is wrong with pools, and mends it if asked.",
      "It looks at their files and at what the catalog says of them, for: files that nobody names,",
      "leftovers, layers that are missing, broken, of another maker or under a wrong name, wrong",
      "bases, circles, sizes and permissions, stale indexes, verbs that were cut short, a catalog",
      "that lags behind the files. Nothing changes unless --fix is given; then each repair is",
      "named. No repair guesses, and none deletes what could be someone's: files that nobody names",
      "go to the pool's folder 'set-aside'.",
      "",
      "Exit codes: 0 nothing is wrong any more, 1 could not look, 3 --fix would mend the rest,",
      "4 something is left for a person.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  varve doctor                    all pools, headers and catalog",
      "  varve doctor main --deep        checks the index of every layer too",
      "  varve doctor main --fix",
    })
final class DoctorAction extends Action {
  @Parameters(arity = "0..*", paramLabel = "POOL", description = "default: all pools")
  List<String> pools = new ArrayList<>();

  @Option(names = "--fix", description = "mends what can be mended without guessing")
  boolean fix;

  @Option(
      names = "--deep",
      description = "checks the index of every layer too, as 'varve check' does; reads all of it")
  boolean deep;

  @Override
  void run(Session session) {
    List<String> names =
        pools.isEmpty()
            ? session.varve().pools().list().stream().map(PoolView::name).toList()
            : pools;
    List<DoctorReport> reports = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    for (String name : names) {
      DoctorReport report = session.varve().upkeep().doctor(name, new DoctorSpec(fix, deep));
      reports.add(report);
      lines.addAll(session.script() ? table(report) : text(report));
    }
    if (names.isEmpty() && !session.script()) {
      lines.add("there is no pool to look at: varve pool create, or varve pool rescan FOLDER");
    }
    session.answer(Shapes.list("pools", reports.stream().map(Shapes::doctor).toList()), lines);
    if (reports.stream().anyMatch(report -> report.forPeople() > 0)) {
      session.exitWith(ExitCode.FOR_PEOPLE);
    } else if (reports.stream().anyMatch(report -> report.mendable() > 0)) {
      session.exitWith(ExitCode.MENDABLE);
    }
  }

  private static List<String> table(DoctorReport report) {
    return report.ailments().stream()
        .map(a ->
            String.join(
                "\t",
                report.pool(),
                Shapes.word(a.kind()),
                a.file() == null ? "-" : a.file().toString(),
                a.mended() ? "mended" : a.repair() != null ? "mendable" : "person",
                a.problem(),
                a.repair() != null ? a.repair() : a.cure()))
        .toList();
  }

  private static List<String> text(DoctorReport report) {
    List<String> lines = new ArrayList<>();
    long left = report.mendable() + report.forPeople();
    long mended = report.ailments().size() - left;
    lines.add(
        "pool %s: %s looked at, %s%s"
            .formatted(
                report.pool(),
                Count.of(report.layers(), "layer"),
                left == 0 ? "nothing is wrong" : Count.of(left, "thing") + " wrong",
                mended == 0 ? "" : ", " + mended + " mended"));
    for (Ailment each : report.ailments()) {
      lines.add(
          "  %s %s%s"
              .formatted(
                  each.mended() ? "+" : "!",
                  each.file() == null ? "" : each.file() + ": ",
                  each.problem()));
      lines.add("      " + advice(each));
    }
    return lines;
  }

  private static String advice(Ailment each) {
    if (each.mended()) {
      return "mended: " + each.repair();
    }
    return each.repair() != null ? "--fix would: " + each.repair() : "cure: " + each.cure();
  }
}
