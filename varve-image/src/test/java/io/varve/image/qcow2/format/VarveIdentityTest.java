// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.qcow2.format.Qcow2FormatException.Kind;
import io.varve.image.qcow2.format.VarveIdentity.Role;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class VarveIdentityTest {
  private static final VarveIdentity ACTIVE =
      VarveIdentity.active(new UUID(1, 2), null, new UUID(5, 6), "wéb-01", 1_700_000_000_000L);

  @Test
  void everyRoleComesBackAsItWasWritten() throws Exception {
    VarveIdentity snapshot =
        ACTIVE.asSnapshot("before", new UUID(7, 8), 5).withParent(new UUID(3, 4));

    assertThat(VarveIdentity.decode(ACTIVE.encode())).isEqualTo(ACTIVE);
    assertThat(VarveIdentity.decode(snapshot.encode())).isEqualTo(snapshot);
    assertThat(VarveIdentity.decode(snapshot.asRetired(9).encode()).role()).isEqualTo(Role.RETIRED);
  }

  @Test
  void aChangeOfRoleKeepsTheLength() {
    VarveIdentity longest = ACTIVE.asSnapshot("s".repeat(63), new UUID(7, 8), 5);

    assertThat(longest.encode().length()).isEqualTo(ACTIVE.encode().length()).isEqualTo(256);
  }

  @Test
  void theLongestNamesLeaveRoomForHeaderAndFormatInOneSector() {
    VarveIdentity longest =
        ACTIVE
            .withDisk(new UUID(1, 1), "d".repeat(127))
            .asSnapshot("s".repeat(127), new UUID(7, 8), 5)
            .withOrigin(new UUID(9, 9))
            .withHeld(true);

    assertThat(longest.encode().length()).isLessThanOrEqualTo(512 - 112 - 16 - 8 - 8);
  }

  @Test
  void aHoldComesBackBesideTheOrigin() throws Exception {
    VarveIdentity snapshot = ACTIVE.asSnapshot("s", new UUID(7, 8), 5);
    VarveIdentity held = snapshot.withHeld(true);

    assertThat(VarveIdentity.decode(held.encode()).held()).isTrue();
    assertThat(held.origin()).isNull();
    VarveIdentity copy = VarveIdentity.decode(held.withOrigin(new UUID(9, 9)).encode());
    assertThat(copy.held()).isTrue();
    assertThat(copy.origin()).isEqualTo(new UUID(9, 9));
    assertThat(copy.withHeld(false).origin()).isEqualTo(new UUID(9, 9));
    assertThat(copy.withHeld(false).held()).isFalse();
    assertThat(held.withHeld(false)).isEqualTo(snapshot);
    assertThat(held.asRetired(6).held()).isFalse();
  }

  @Test
  void fieldsOfLaterProgramsAreKept() throws Exception {
    VarveIdentity later =
        new VarveIdentity(
            new UUID(1, 2),
            null,
            new UUID(5, 6),
            "d",
            Role.ACTIVE,
            null,
            null,
            1,
            0,
            Bytes.of(new byte[] {1, 2, 3}));

    assertThat(VarveIdentity.decode(later.encode()).asRetired(3).unknown())
        .isEqualTo(later.unknown());
  }

  @Test
  void everyDamagedByteIsNoticed() {
    byte[] sound = ACTIVE.encode().toArray();
    int length = sound[2] << 8 | sound[3] & 0xff;
    for (int at = 0; at < length; at++) {
      byte[] damaged = sound.clone();
      damaged[at] ^= 0x40;
      assertThatExceptionOfType(Qcow2FormatException.class)
          .as("byte " + at)
          .isThrownBy(() -> VarveIdentity.decode(Bytes.of(damaged)));
    }
  }

  @Test
  void aLaterVersionIsUnsupportedRatherThanCorrupt() {
    byte[] later = ACTIVE.encode().toArray();
    later[0] = 2;

    assertThatExceptionOfType(Qcow2FormatException.class)
        .isThrownBy(() -> VarveIdentity.decode(Bytes.of(later)))
        .matches(e -> e.kind() == Kind.UNSUPPORTED);
  }

  @Test
  void namesThatDoNotFitAreRefusedBeforeTheyAreWritten() {
    assertThatThrownBy(() -> ACTIVE.withDisk(new UUID(1, 1), "d".repeat(128)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ACTIVE.withDisk(new UUID(1, 1), ""))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
