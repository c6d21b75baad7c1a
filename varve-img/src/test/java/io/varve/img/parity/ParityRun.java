// SPDX-License-Identifier: Apache-2.0
package io.varve.img.parity;

import io.varve.testkit.ToolRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Runs a script in folders of its own, once with the real tools and once with each mixture that is
/// asked for, and holds every step and every file left behind against the real run. One thread.
final class ParityRun {
  /// Who takes the n-th step that calls a tool.
  enum Mixture {
    OURS(step -> Side.OURS),
    OURS_FIRST(step -> step % 2 == 0 ? Side.OURS : Side.REAL),
    REAL_FIRST(step -> step % 2 == 0 ? Side.REAL : Side.OURS);

    private final IntFunction<Side> side;

    Mixture(IntFunction<Side> side) {
      this.side = side;
    }
  }

  private final Script script;
  private final Path base;
  private final Map<Path, Integer> realVerdicts = new HashMap<>();
  private final Map<Path, Boolean> realReadable = new HashMap<>();
  private @Nullable List<Outcome> realOutcomes;

  ParityRun(Script script, Path base) {
    this.script = script;
    this.base = base;
  }

  /// Every difference from the real tools, in words; empty if there is none.
  List<String> differences(Mixture mixture) throws IOException {
    Path realFolder = base.resolve("real");
    Path folder = Files.createDirectory(base.resolve(mixture.name().toLowerCase(Locale.ROOT)));
    List<Outcome> real = real(realFolder);
    List<Outcome> other = run(folder, mixture.side);
    List<String> differences = new ArrayList<>();
    for (int i = 0; i < real.size(); i++) {
      Script.Step step = script.steps().get(i);
      Outcome expected = real.get(i);
      Outcome found = other.get(i);
      if (!expected.same(found, step.compared())) {
        differences.add(
            "%s\n--- real: %s--- %s: %s"
                .formatted(step.line(), expected.from(found), mixture, found.from(expected)));
      }
    }
    differences.addAll(filesThatDiffer(realFolder, folder));
    return differences;
  }

  private List<Outcome> real(Path folder) throws IOException {
    List<Outcome> known = realOutcomes;
    if (known == null) {
      known = run(Files.createDirectory(folder), step -> Side.REAL);
      realOutcomes = known;
    }
    return known;
  }

  private List<Outcome> run(Path folder, IntFunction<Side> sides) throws IOException {
    Props props = new Props(folder);
    List<Outcome> outcomes = new ArrayList<>();
    int calls = 0;
    for (Script.Step step : script.steps()) {
      if (step.isTool()) {
        outcomes.add(sides.apply(calls++).run(step, folder).normalised(folder));
      } else {
        props.run(step.words());
        outcomes.add(new Outcome(0, "", ""));
      }
    }
    return outcomes;
  }

  /// The real tool's verdict on what the script left, file by file: the same files, each as sound
  /// as in the real run, and, where QEMU can read them, with the same content.
  private List<String> filesThatDiffer(Path real, Path other) throws IOException {
    List<String> differences = new ArrayList<>();
    List<Path> names = names(real);
    if (!names.equals(names(other))) {
      differences.add("files left: real %s, other %s".formatted(names, names(other)));
      return differences;
    }
    for (Path name : names) {
      String format = name.toString().endsWith(".qcow2") ? "qcow2" : "raw";
      if (format.equals("qcow2")) {
        int expected = realVerdict(real, name);
        int found = check(other, name);
        if (expected != found) {
          differences.add("check of %s: real %d, other %d".formatted(name, expected, found));
        }
      }
      if (isReadable(format, real, name)) {
        ToolRun compared = compare(format, real, name, other);
        if (compared.exit() != 0) {
          differences.add("content of %s: %s".formatted(name, compared));
        }
      }
    }
    return differences;
  }

  private int realVerdict(Path real, Path name) throws IOException {
    Integer known = realVerdicts.get(name);
    if (known == null) {
      known = check(real, name);
      realVerdicts.put(name, known);
    }
    return known;
  }

  /// True if the real tool can read all of what the real run left under this name.
  private boolean isReadable(String format, Path real, Path name) throws IOException {
    Boolean known = realReadable.get(name);
    if (known == null) {
      known = compare(format, real, name, real).exit() == 0;
      realReadable.put(name, known);
    }
    return known;
  }

  private static List<Path> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).map(folder::relativize).sorted().toList();
    }
  }

  private static int check(Path folder, Path name) throws IOException {
    return ToolRun.of(
            List.of("qemu-img", "check", "-q", "-f", "qcow2", name.toString()), folder, "")
        .exit();
  }

  private static ToolRun compare(String format, Path a, Path name, Path b) throws IOException {
    return ToolRun.of(
        List.of(
            "qemu-img",
            "compare",
            "-f",
            format,
            "-F",
            format,
            a.resolve(name).toString(),
            b.resolve(name).toString()),
        a,
        "");
  }
}
