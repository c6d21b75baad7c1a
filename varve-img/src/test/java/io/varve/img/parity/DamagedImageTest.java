// SPDX-License-Identifier: Apache-2.0
package io.varve.img.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.varve.testkit.QemuTools;
import io.varve.testkit.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/// Damaged images of every kind: each command answers as the real tool does, in its words where
/// other programs match on them, and leaves what that leaves; never with a stack trace, never late.
///
/// `-Dvarve.iterations=N` runs N images of each test, `-Dvarve.seed=S` begins with that seed;
/// `-Dvarve.recipe=PART` takes only kinds of images whose name contains PART. With `-Xmx256m` a
/// long run shows that no image asks for more.
class DamagedImageTest {
  @TempDir(cleanup = CleanupMode.ALWAYS)
  static Path beds;

  @TempDir(cleanup = CleanupMode.ALWAYS)
  Path folder;

  private static Seedbed seedbed;

  @BeforeAll
  static void plant() {
    Assumptions.assumeTrue(QemuTools.require().atLeast(10, 0), "the words of QEMU 10 are compared");
    seedbed = new Seedbed(beds);
  }

  @TestFactory
  Stream<DynamicTest> aDamagedQcow2ImageIsReadOrRefusedAsTheRealToolDoes() {
    return seeds(24).map(seed -> dynamicTest(seed.toString(), () -> run(Seedbed.QCOW2, seed)));
  }

  @TestFactory
  Stream<DynamicTest> aDamagedForeignImageIsReadOrRefusedAsTheRealToolDoes() {
    return seeds(8).map(seed -> dynamicTest(seed.toString(), () -> run(Seedbed.FOREIGN, seed)));
  }

  /// The same each time, unless asked for others: a damage that nobody has looked at yet is for a
  /// long run, and not for whoever builds next.
  private static Stream<Seed> seeds(int byDefault) {
    long first = Long.getLong("varve.seed", 1);
    return LongStream.range(first, first + Integer.getInteger("varve.iterations", byDefault))
        .mapToObj(Seed::new);
  }

  private void run(List<Seedbed.Recipe> recipes, Seed seed) throws IOException {
    RandomGenerator random = seed.random();
    String only = System.getProperty("varve.recipe", "");
    List<Seedbed.Recipe> some = recipes.stream().filter(r -> r.name().contains(only)).toList();
    Seedbed.Recipe recipe = some.get(random.nextInt(some.size()));
    Path own = Files.createDirectory(folder.resolve(recipe.format() + seed.value()));
    Path damaged = own.resolve("damaged");
    Seedbed.copy(seedbed.made(recipe), damaged);
    String what = Damage.to(damaged.resolve(recipe.image()), recipe.isQcow2(), random);
    List<String> differences =
        new DamagedImage(recipe, damaged, Files.createDirectory(own.resolve("copies")))
            .differences(random);
    assertThat(String.join("\n\n", differences))
        .as("%s %s: %s", seed, recipe.name(), what)
        .isEmpty();
  }
}
