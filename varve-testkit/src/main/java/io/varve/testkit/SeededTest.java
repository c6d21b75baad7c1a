// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/// A test that runs several times with a [Seed] or a `RandomGenerator` of its own each time.
///
/// `-Dvarve.iterations=N` runs it N times, `-Dvarve.seed=S` begins with that seed (and runs once
/// unless iterations are given). Without a seed it begins with a fresh one, or, where the
/// environment has `CI`, with one that is always the same for the test; a failure names its seed.
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith(Seeds.class)
public @interface SeededTest {
  /// How often it runs by default.
  int value() default 1;
}
