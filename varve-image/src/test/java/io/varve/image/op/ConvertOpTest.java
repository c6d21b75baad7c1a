// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import static io.varve.image.qcow2.TestImages.fill;
import static io.varve.image.qcow2.TestImages.layer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.chain.Chain;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.raw.RawLayer;
import io.varve.image.storage.ForwardingStorage;
import io.varve.image.storage.MemoryStorage;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConvertOpTest {
  private static final int CLUSTER = 64 << 10;
  private static final int MIB = 1 << 20;
  private static final int SIZE = 5 * MIB + 512;

  private static Chain source() throws IOException {
    Qcow2Layer from = layer(SIZE);
    fill(from, 100, 3_000_000, 1);
    fill(from, 4 * MIB, 4 * CLUSTER, 0);
    fill(from, SIZE - 512, 512, 2);
    return Chain.of(List.of(from));
  }

  @ParameterizedTest
  @CsvSource({"4096,false,1,true", "4096,true,3,true", "0,false,2,false", "65536,true,4,false"})
  void theTargetReadsAsTheSources(int sparse, boolean compressed, int threads, boolean inOrder)
      throws IOException {
    Chain to = Chain.of(List.of(layer(2 * SIZE)));

    ConvertOp.convert(
        List.of(source(), source()),
        to,
        ConvertOptions.defaults()
            .withSparse(sparse)
            .withCompressed(compressed)
            .withThreads(threads)
            .withInOrder(inOrder));

    Chain twice = Chain.of(List.of(layer(2 * SIZE)));
    for (int i = 0; i < 2; i++) {
      ByteBuffer half = ByteBuffer.allocate(SIZE);
      source().read(io.varve.image.GuestOffset.ZERO, half);
      twice.write(io.varve.image.GuestOffset.of((long) i * SIZE), half.flip());
    }
    assertThat(CompareOp.firstDifference(to, twice, Progress.NONE)).isEmpty();
  }

  @Test
  void oldDataOfTheTargetIsOverwrittenByZeros() throws IOException {
    Qcow2Layer old = layer(SIZE);
    fill(old, 0, SIZE, 9);
    Chain to = Chain.of(List.of(old));

    ConvertOp.convert(List.of(source()), to, ConvertOptions.defaults());

    assertThat(CompareOp.firstDifference(source(), to, Progress.NONE)).isEmpty();
  }

  @Test
  void progressTellsOfWhatIsMovedAndCanCancel() throws IOException {
    List<Long> seen = new ArrayList<>();
    ConvertOp.convert(
        List.of(source()),
        Chain.of(List.of(layer(SIZE))),
        ConvertOptions.defaults().withProgress((done, total) -> seen.add(total - done)));
    assertThat(seen).last().isEqualTo(0L);

    assertThatThrownBy(() ->
            ConvertOp.convert(
                List.of(source()),
                Chain.of(List.of(layer(SIZE))),
                ConvertOptions.defaults()
                    .withProgress((_, _) -> {
                      throw new CancellationException("enough");
                    })))
        .isInstanceOf(CancellationException.class);
  }

  /// Fails to read one sector.
  private static final class Scratched extends ForwardingStorage {
    private static final long BAD = MIB + 1024;

    Scratched(Storage inner) {
      super(inner);
    }

    @Override
    public void read(long position, ByteBuffer dst) throws IOException {
      if (position <= BAD && position + dst.remaining() > BAD) {
        throw new IOException("scratched");
      }
      super.read(position, dst);
    }
  }

  private static Chain scratched() throws IOException {
    MemoryStorage storage = new MemoryStorage("disk");
    ByteBuffer ones = ByteBuffer.allocate(2 * MIB);
    java.util.Arrays.fill(ones.array(), (byte) 1);
    storage.write(0, ones);
    return Chain.of(List.of(RawLayer.open(new Scratched(storage), false)));
  }

  @Test
  void whatCannotBeReadEndsTheCopyWithItsPlace() throws IOException {
    assertThatThrownBy(() ->
            ConvertOp.convert(
                List.of(scratched()), Chain.of(List.of(layer(2 * MIB))), ConvertOptions.defaults()))
        .isInstanceOfSatisfying(
            StepException.class, e -> assertThat(e.step()).isEqualTo(StepException.Step.READ));
  }

  @Test
  void salvagingLosesTheSectorAlone() throws IOException {
    List<Long> lost = new ArrayList<>();
    Chain to = Chain.of(List.of(layer(2 * MIB)));

    ConvertOp.convert(
        List.of(scratched()),
        to,
        ConvertOptions.defaults().withSalvage(what -> lost.add(what.offset())));

    assertThat(lost).containsExactly(Scratched.BAD);
    ByteBuffer bytes = ByteBuffer.allocate(2 * MIB);
    to.read(io.varve.image.GuestOffset.ZERO, bytes);
    assertThat(bytes.array()[(int) Scratched.BAD]).isZero();
    assertThat(bytes.array()[(int) Scratched.BAD + 512]).isEqualTo((byte) 1);
    assertThat(bytes.array()[(int) Scratched.BAD - 1]).isEqualTo((byte) 1);
  }

  @Test
  void aTargetThatIsTooSmallIsRefused() throws IOException {
    assertThatThrownBy(() ->
            ConvertOp.convert(
                List.of(source(), source()),
                Chain.of(List.of(layer(SIZE))),
                ConvertOptions.defaults()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
