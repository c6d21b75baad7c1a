// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.demo;

import java.util.ArrayList;
import java.util.List;

/// What was found right and wrong in the course of the demo; each is printed as it is found.
final class Verdicts {
  private final Narrator narrator;
  private final List<String> bad = new ArrayList<>();
  private int good;

  Verdicts(Narrator narrator) {
    this.narrator = narrator;
  }

  /// Prints one verdict and keeps it.
  void add(boolean right, String text) {
    narrator.verdict(right, text);
    if (right) {
      good++;
    } else {
      bad.add(text);
    }
  }

  int good() {
    return good;
  }

  List<String> bad() {
    return List.copyOf(bad);
  }
}
