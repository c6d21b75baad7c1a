// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class ReferenceDiskTest {
  @Test
  void aCopyKeepsWhatTheDiskWas() throws IOException {
    ReferenceDisk disk = new ReferenceDisk(1 << 20);
    disk.write(1000, Stamp.data(1000, 3000, 1));
    ReferenceDisk snapshot = disk.copy();
    disk.write(1024, Stamp.data(1024, 512, 2));
    disk.resize(512);

    assertThat(snapshot.size()).isEqualTo(1 << 20);
    assertThat(snapshot.bytes(1000, 3000)).isEqualTo(Stamp.data(1000, 3000, 1).array());
    snapshot.assertMatches(snapshot.copy());
  }

  @Test
  void namesTheFirstDifferenceAndWhoseDataItIs() {
    ReferenceDisk expected = new ReferenceDisk(1 << 21);
    expected.write(4096, Stamp.data(4096, 4096, 3));
    ReferenceDisk actual = expected.copy();
    actual.write(4608, Stamp.data(4608, 512, 4));

    assertThatThrownBy(() -> expected.assertMatches(actual))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("expected write #3 of guest 0x1200")
        .hasMessageContaining("found write #4 of guest 0x1200");
  }

  @Test
  void aDiscardMayZeroOrKeepButNothingElse() throws IOException {
    ReferenceDisk disk = new ReferenceDisk(8192);
    disk.write(0, Stamp.data(0, 8192, 1));
    ReferenceDisk zeroedInside = disk.copy();
    zeroedInside.zero(4096, 1024);
    disk.discarded(3000, 3000, 4096, 5120, zeroedInside);
    disk.assertMatches(zeroedInside);

    ReferenceDisk before = disk.copy();
    assertThatThrownBy(() -> disk.discarded(0, 1024, 512, 1024, before))
        .hasMessageContaining("left at 512");
    ReferenceDisk wrong = disk.copy();
    wrong.write(600, ByteBuffer.wrap(new byte[] {1}));
    assertThatThrownBy(() -> disk.discarded(0, 1024, 0, 0, wrong))
        .hasMessageContaining("changed the sector at 512");
  }

  @Test
  void asABaseItEndsInZeros() throws IOException {
    ReferenceDisk disk = new ReferenceDisk(1024);
    disk.write(0, Stamp.data(0, 512, 1));
    Below base = disk.asBase();
    ByteBuffer dst = ByteBuffer.allocate(2048);
    base.read(GuestOffset.of(512), dst);

    assertThat(dst.hasRemaining()).isFalse();
    assertThat(dst.array()).containsOnly(0);
    assertThat(base.readsAsZero(GuestOffset.of(0), 512)).isFalse();
    assertThat(base.readsAsZero(GuestOffset.of(4096), 1 << 20)).isTrue();
  }

  @Test
  void aStampDependsOnPlaceAndNumberOnly() {
    byte[] whole = Stamp.data(0, 8192, 5).array();
    byte[] part = Stamp.data(700, 3000, 5).array();
    assertThat(part).isEqualTo(java.util.Arrays.copyOfRange(whole, 700, 3700));
    assertThat(Stamp.data(0, 512, 5)).isNotEqualTo(Stamp.data(0, 512, 6));
    assertThat(Stamp.describe(new byte[512])).isEqualTo("zeros");
  }
}
