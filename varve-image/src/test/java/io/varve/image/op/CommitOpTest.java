// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import static io.varve.image.qcow2.TestImages.check;
import static io.varve.image.qcow2.TestImages.fill;
import static io.varve.image.qcow2.TestImages.image;
import static io.varve.image.qcow2.TestImages.layer;
import static io.varve.image.qcow2.TestImages.open;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.GuestOffset;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.storage.MemoryStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

class CommitOpTest {
  private static final int CLUSTER = 64 << 10;
  private static final int MIB = 1 << 20;

  private static byte[] all(Chain chain) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) chain.size());
    chain.read(GuestOffset.ZERO, bytes);
    return bytes.array();
  }

  /// The base is all 1 and short, the middle ends early, the top has data, zeros and a short write.
  private static Chain disk(Qcow2Layer top) throws IOException {
    Qcow2Layer base = layer(MIB);
    fill(base, 0, MIB, 1);
    Qcow2Layer middle = layer(MIB / 2);
    fill(middle, CLUSTER, CLUSTER, 2);
    Chain disk = Chain.of(List.of(top, middle, base));
    disk.write(GuestOffset.of(3 * CLUSTER + 512), ByteBuffer.wrap(new byte[] {3, 3, 3}));
    disk.zero(GuestOffset.of(5 * CLUSTER), CLUSTER, ZeroMode.UNMAP);
    disk.write(GuestOffset.of(MIB + 100), ByteBuffer.wrap(new byte[] {4}));
    return disk;
  }

  @Test
  void theBaseReadsAsTheDiskDidAndGrows() throws IOException {
    Chain disk = disk(layer(2 * MIB));
    byte[] before = all(disk);

    CommitOp.commit(disk, 2, Throttle.NONE, Progress.NONE);

    assertThat(all(Chain.of(disk.layers().subList(2, 3)))).isEqualTo(before);
    assertThat(all(disk)).isEqualTo(before);
  }

  @Test
  void committingAgainChangesNothing() throws IOException {
    Chain disk = disk(layer(2 * MIB));
    byte[] before = all(disk);
    CommitOp.commit(disk, 2, Throttle.NONE, Progress.NONE);

    CommitOp.commit(disk, 2, Throttle.NONE, Progress.NONE);

    assertThat(all(Chain.of(disk.layers().subList(2, 3)))).isEqualTo(before);
  }

  @Test
  void anEmptiedLayerHoldsNothingAndItsFileIsShort() throws IOException {
    MemoryStorage file = image(Qcow2CreateOptions.ofSize(2 * MIB));
    long fresh = file.size();
    Qcow2Layer top = open(file);
    Chain disk = disk(top);
    CommitOp.commit(disk, 1, Throttle.NONE, Progress.NONE);
    byte[] before = all(disk);

    top.empty();

    assertThat(all(disk)).isEqualTo(before);
    assertThat(top.usage().dataBytes()).isZero();
    assertThat(file.size()).isEqualTo(Math.ceilDiv(fresh, CLUSTER) * CLUSTER);
    fill(top, CLUSTER, CLUSTER, 9);
    top.close();
    assertThat(check(file).sound()).isTrue();
    assertThat(check(file).leaks()).isZero();
  }

  @Test
  void snapshotsOfAnEmptiedLayerStay() throws IOException {
    MemoryStorage file = image(Qcow2CreateOptions.ofSize(MIB));
    Qcow2Layer top = open(file);
    fill(top, CLUSTER, CLUSTER, 7);
    top.snapshots().create("kept", java.time.Instant.EPOCH);
    fill(top, 0, 3 * CLUSTER, 8);

    top.empty();

    top.snapshots().apply("kept");
    assertThat(all(Chain.of(List.of(top)))[CLUSTER + 5]).isEqualTo((byte) 7);
    top.close();
    assertThat(check(file).sound()).isTrue();
    assertThat(check(file).leaks()).isZero();
  }

  @Test
  void progressCanCancel() throws IOException {
    Chain disk = disk(layer(2 * MIB));

    assertThatThrownBy(() ->
            CommitOp.commit(
                disk,
                1,
                Throttle.NONE,
                (_, _) -> {
                  throw new CancellationException("enough");
                }))
        .isInstanceOf(CancellationException.class);
  }

  @Test
  void onlyABaseTakesTheData() throws IOException {
    Chain disk = disk(layer(2 * MIB));
    assertThatThrownBy(() -> CommitOp.commit(disk, 0, Throttle.NONE, Progress.NONE))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> CommitOp.commit(disk, 3, Throttle.NONE, Progress.NONE))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
