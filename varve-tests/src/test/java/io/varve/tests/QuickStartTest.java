// SPDX-License-Identifier: Apache-2.0
package io.varve.tests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.GuestOffset;
import io.varve.image.LayerFormat;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainOptions;
import io.varve.image.chain.OpenGate;
import io.varve.image.op.CopyOp;
import io.varve.image.op.Progress;
import io.varve.image.qcow2.InternalSnapshots;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.raw.RawLayer;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The first page of the library's documentation does what it says.
class QuickStartTest {
  @TempDir Path folder;

  private static void quickStart(
      Path folder, InstantSource clock, BooleanSupplier stop, List<String> said)
      throws IOException {
    // A new, empty image of 10 GiB.
    try (FileStorage file = FileStorage.create(folder.resolve("disk.qcow2"), LockMode.WRITER)) {
      Qcow2Create.create(file, Qcow2CreateOptions.ofSize(10L << 30));
    }

    // A chain is the image and all that lies beneath it; the gate says which files may be named.
    ChainOptions options = ChainOptions.readWrite(OpenGate.confinedTo(List.of(folder)));
    try (Chain disk = Chain.open(folder.resolve("disk.qcow2"), LayerFormat.QCOW2, options)) {
      disk.write(GuestOffset.of(1 << 20), ByteBuffer.wrap("first".getBytes(UTF_8)));
      disk.flush(); // from here on a crash cannot lose it

      // A snapshot inside the image; the next write copies what it changes.
      InternalSnapshots snapshots = ((Qcow2Layer) disk.top()).snapshots();
      snapshots.create("before", clock.instant());
      disk.write(GuestOffset.of(1 << 20), ByteBuffer.wrap("other".getBytes(UTF_8)));
      snapshots.apply("before");

      ByteBuffer five = ByteBuffer.allocate(5);
      disk.read(GuestOffset.of(1 << 20), five);
      said.add(new String(five.array(), UTF_8)); // "first"

      // A copy that depends on nothing, with progress; throwing CancellationException ends it.
      try (FileStorage file = FileStorage.create(folder.resolve("copy.raw"), LockMode.WRITER)) {
        file.truncate(disk.size());
        try (RawLayer copy = RawLayer.open(file, true)) {
          Progress progress =
              (done, total) -> {
                if (stop.getAsBoolean()) {
                  throw new CancellationException();
                }
                said.add(done * 100 / total + " %");
              };
          CopyOp.copy(disk, copy, 2, progress);
        }
      }
    }
  }

  @Test
  void runsAsItIsPrinted() throws IOException {
    List<String> said = new ArrayList<>();
    quickStart(folder, () -> Instant.EPOCH, () -> false, said);
    assertThat(said).startsWith("first").endsWith("100 %");
    assertThat(Files.size(folder.resolve("copy.raw"))).isEqualTo(10L << 30);
  }

  @Test
  void endsWhenItsProgressSaysSo() {
    assertThatThrownBy(() -> quickStart(folder, () -> Instant.EPOCH, () -> true, new ArrayList<>()))
        .isInstanceOf(CancellationException.class);
  }

  @Test
  void isPrintedAsItRuns() throws IOException {
    Path root = Checkout.root();
    String printed =
        code(
            root.resolve("varve-image/src/main/java/io/varve/image/package-info.java"),
            "/// ```java",
            "/// ```");
    String run =
        code(
            root.resolve("varve-tests/src/test/java/io/varve/tests/QuickStartTest.java"),
            "      throws IOException {",
            "  }");
    assertThat(printed).isEqualTo(run).isNotEmpty();
  }

  /// The lines between two lines, without what stands in front of code.
  private static String code(Path file, String after, String before) throws IOException {
    return String.join(
        "\n",
        Files.readAllLines(file).stream()
            .dropWhile(line -> !line.equals(after))
            .skip(1)
            .takeWhile(line -> !line.equals(before))
            .map(line -> line.replaceFirst("^///", "").strip())
            .toList());
  }
}
