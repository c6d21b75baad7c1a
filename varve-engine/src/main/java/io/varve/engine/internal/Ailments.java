// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.VarveException;
import io.varve.engine.model.DoctorReport.Ailment;
import io.varve.engine.model.DoctorReport.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a doctor has found so far. Mends at once what can be mended, if that was asked for.
final class Ailments {
  private final boolean fix;
  private final List<Ailment> all = new ArrayList<>();

  Ailments(boolean fix) {
    this.fix = fix;
  }

  /// A repair; it says by an exception that it could not be done.
  @FunctionalInterface
  interface Repair {
    void run() throws IOException;
  }

  List<Ailment> all() {
    return all;
  }

  boolean has(Kind kind) {
    return all.stream().anyMatch(a -> a.kind() == kind);
  }

  /// Something that only a person can mend.
  void report(Kind kind, @Nullable Path file, String problem, String cure) {
    all.add(new Ailment(kind, file, problem, null, cure, false));
  }

  /// Something that has a repair. Returns true if it was mended.
  boolean mend(Kind kind, @Nullable Path file, String problem, String words, Repair repair) {
    if (!fix) {
      all.add(new Ailment(kind, file, problem, words, "", false));
      return false;
    }
    try {
      repair.run();
      all.add(new Ailment(kind, file, problem, words, "", true));
      return true;
    } catch (IOException | VarveException e) {
      all.add(
          new Ailment(
              kind,
              file,
              problem,
              null,
              "It could not be mended (" + words + "): " + e.getMessage(),
              false));
      return false;
    }
  }
}
