// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.qcow2.format.HeaderUpdate.SectorWrite;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeaderUpdateTest {
  private static final VarveIdentity IDENTITY =
      VarveIdentity.active(new UUID(1, 2), new UUID(3, 4), new UUID(5, 6), "web01", 1000);

  private static HeaderArea area(int clusterBits) {
    Header header =
        Header.builder(3, clusterBits)
            .size(1 << 20)
            .l1(64, 1 << 21)
            .refcountTable(1 << 21, 1)
            .build();
    return new HeaderArea(header, List.of(), null).withFeatureNames();
  }

  private static HeaderExtension unknown(int length) {
    byte[] data = new byte[length];
    new SplittableRandom(length).nextBytes(data);
    return new HeaderExtension(0x12345678, data);
  }

  @Test
  void aSnapshotOfALayerChangesOneSectorInOneWrite() throws Exception {
    HeaderArea old = area(16).withIdentity(IDENTITY).withBacking("base.qcow2", "qcow2");
    HeaderArea next = old.withIdentity(IDENTITY.asSnapshot("before-upgrade", new UUID(7, 8), 2000));

    List<SectorWrite> plan = HeaderUpdate.plan(old.encode(), next);

    assertThat(plan).hasSize(1);
    assertThat(plan.getFirst().position()).isZero();
    assertThat(plan.getFirst().flushAfter()).isTrue();
  }

  @Test
  void nothingIsWrittenWhereNothingChanges() throws Exception {
    HeaderArea old = area(16).withIdentity(IDENTITY).withBacking("base.qcow2", "qcow2");

    assertThat(HeaderUpdate.plan(old.encode(), old)).isEmpty();
  }

  @Test
  void anIdentityIsAddedToAnImageOfQemuWhoseNameStandsInTheWay() throws Exception {
    HeaderArea old = area(16).withBacking("the/base/of/it/all.qcow2", "qcow2");

    requireSafe(old.encode(), old.withIdentity(IDENTITY));
  }

  @Test
  void anImageWithoutAnEndMarkerIsChangedSafely() throws Exception {
    HeaderArea old = area(12).withBacking("a", null);
    byte[] cluster = old.encode();
    // The name directly behind the header, where the end marker would be.
    ByteBuffer.wrap(cluster).putLong(8, 112).put(112, (byte) 'a');

    requireSafe(cluster, old.withIdentity(IDENTITY).withBacking("b".repeat(900), "raw"));
  }

  @ParameterizedTest
  @ValueSource(ints = {9, 12, 13, 16})
  void anyChangeIsOldOrNewAfterACrash(int clusterBits) throws Exception {
    for (int seed = 0; seed < 300; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      HeaderArea old = random(random, clusterBits);
      HeaderArea next = random(random, clusterBits).with(unknownOf(old));
      if (fits(old) && fits(next)) {
        byte[] cluster = old.encode();
        HeaderArea last = requireSafe(cluster, next);
        requireSafe(cluster, random.nextBoolean() ? last : old);
      }
    }
  }

  @Test
  void largeUnknownExtensionsAreKeptEvenWhereTheyMustMove() throws Exception {
    HeaderArea old = area(16).with(unknown(3000)).withBacking("old", "raw");
    byte[] cluster = old.encode();

    HeaderUpdate.plan(cluster, old.withIdentity(IDENTITY)).forEach(apply(cluster));

    assertThat(normal(HeaderArea.parse(ByteBuffer.wrap(cluster))))
        .isEqualTo(normal(old.withIdentity(IDENTITY)));
  }

  @Test
  void aNameThatDoesNotFitIsRefusedBeforeAnythingIsWritten() throws Exception {
    HeaderArea old = area(9);
    HeaderArea next = old.withBacking("x".repeat(400), "qcow2");

    assertThatThrownBy(() -> HeaderUpdate.plan(old.encode(), next))
        .isInstanceOf(Qcow2FormatException.class)
        .hasMessageContaining("do not fit a cluster of 512")
        .hasMessageContaining("shorter backing file name");
  }

  private static boolean fits(HeaderArea area) {
    try {
      HeaderLayout.natural(area);
      return true;
    } catch (Qcow2FormatException _) {
      return false;
    }
  }

  private static HeaderExtension unknownOf(HeaderArea area) {
    Bytes data = area.extension(0x12345678).orElseThrow();
    return new HeaderExtension(0x12345678, data);
  }

  private static HeaderArea random(SplittableRandom random, int clusterBits) {
    HeaderArea area = area(clusterBits).with(unknown(random.nextInt(60)));
    if (random.nextInt(4) > 0) {
      String name = "n".repeat(random.nextInt(1, 1024)) + random.nextInt(9);
      int most = Math.min(Limits.MAX_BACKING_NAME, name.length());
      area =
          area.withBacking(
              name.substring(name.length() - most), random.nextBoolean() ? "raw" : null);
    }
    if (random.nextBoolean()) {
      area = area.withIdentity(IDENTITY.asRetired(random.nextLong(1 << 20)));
    }
    if (random.nextInt(3) == 0) {
      area = area.without(HeaderExtension.FEATURE_NAMES);
    }
    return area.withHeader(area.header().withSize(random.nextInt(1 << 20)));
  }

  /// Cuts the plan everywhere and checks what a reader would find; applies it to `cluster`.
  private static HeaderArea requireSafe(byte[] cluster, HeaderArea next) throws Exception {
    HeaderArea old = normal(HeaderArea.parse(ByteBuffer.wrap(cluster)));
    HeaderArea wanted = normal(next);
    List<SectorWrite> epoch = new ArrayList<>();
    boolean committed = false;
    for (SectorWrite write : HeaderUpdate.plan(cluster, next)) {
      assertThat(write.position() / 512)
          .isEqualTo((write.position() + write.bytes().length() - 1) / 512);
      epoch.add(write);
      for (int kept = 0; kept < 1 << epoch.size(); kept++) {
        byte[] torn = cluster.clone();
        for (int i = 0; i < epoch.size(); i++) {
          if ((kept >> i & 1) != 0) {
            apply(torn).accept(epoch.get(i));
          }
        }
        HeaderArea found = normal(HeaderArea.parse(ByteBuffer.wrap(torn)));
        assertThat(found).isIn(committed ? List.of(wanted) : List.of(old, wanted));
      }
      if (write.flushAfter()) {
        epoch.forEach(apply(cluster));
        epoch.clear();
        committed |= normal(HeaderArea.parse(ByteBuffer.wrap(cluster))).equals(wanted);
      }
    }
    assertThat(epoch).isEmpty();
    HeaderArea last = HeaderArea.parse(ByteBuffer.wrap(cluster));
    assertThat(normal(last)).isEqualTo(wanted);
    return last;
  }

  private static Consumer<SectorWrite> apply(byte[] cluster) {
    return write -> write.bytes().putTo(ByteBuffer.wrap(cluster).position(write.position()));
  }

  /// Without what may come and go: places, and the table of feature names.
  private static HeaderArea normal(HeaderArea area) {
    Header header = area.header().withBackingAt(0, 0);
    return area.without(HeaderExtension.FEATURE_NAMES).withHeader(header).inOrder();
  }
}
