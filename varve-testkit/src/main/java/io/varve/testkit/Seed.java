// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/// What one run of a random test began with.
///
/// @param value prints as `-Dvarve.seed=value`, which runs the same again
public record Seed(long value) {
  /// A new generator, the same each time.
  public RandomGenerator random() {
    return new SplittableRandom(value);
  }

  /// A generator for one part of a test, independent of the others.
  public RandomGenerator random(int part) {
    return new SplittableRandom(value * 0x9E3779B97F4A7C15L + part);
  }

  @Override
  public String toString() {
    return "-Dvarve.seed=" + value;
  }
}
