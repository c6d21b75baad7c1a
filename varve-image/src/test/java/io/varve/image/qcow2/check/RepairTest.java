// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.qcow2.check.CheckReport.Verdict;
import io.varve.image.qcow2.format.FeatureBits;
import io.varve.image.qcow2.format.Header;
import io.varve.image.storage.NoSpaceException;
import org.junit.jupiter.api.Test;

class RepairTest {
  private static final long BOTH_BITS = FeatureBits.DIRTY | FeatureBits.CORRUPT;

  @Test
  void leaksAreGivenBackAndTheBitsCleared() throws Exception {
    SmallImage image =
        SmallImage.sound().put(SmallImage.L2, 0).header(h -> h.incompatible(BOTH_BITS));

    CheckReport report = image.repair(RepairMode.LEAKS);

    assertThat(report.verdict()).isEqualTo(Verdict.CLEAN);
    assertThat(report.leaksFixed()).isEqualTo(1);
    assertThat(image.get(Header.INCOMPATIBLE_AT)).isZero();
  }

  @Test
  void theCopiedBitFollowsARefcountThatWasTooHigh() throws Exception {
    SmallImage image = SmallImage.sound().put(SmallImage.L2, SmallImage.DATA).refcount(5, 2);

    assertThat(image.check().verdict()).isEqualTo(Verdict.LEAKS);
    assertThat(image.repair(RepairMode.LEAKS).verdict()).isEqualTo(Verdict.CLEAN);
    assertThat(image.get(SmallImage.L2)).isEqualTo(SmallImage.DATA | SmallImage.COPIED);
  }

  @Test
  void aSharedClusterIsCountedTwiceAndNoLongerWrittenInPlace() throws Exception {
    long shared = SmallImage.DATA | SmallImage.COPIED;
    SmallImage image = SmallImage.sound().put(SmallImage.L2 + 24, shared);

    CheckReport report = image.repair(RepairMode.ALL);

    assertThat(report.verdict()).isEqualTo(Verdict.CLEAN);
    // The count, and the COPIED bit of both entries.
    assertThat(report.corruptionsFixed()).isEqualTo(3);
    assertThat(image.get(SmallImage.L2)).isEqualTo(SmallImage.DATA);
    assertThat(image.get(SmallImage.L2 + 24)).isEqualTo(SmallImage.DATA);
  }

  @Test
  void repairingLeaksLeavesDamageAlone() throws Exception {
    long shared = SmallImage.DATA | SmallImage.COPIED;
    SmallImage image =
        SmallImage.sound().put(SmallImage.L2 + 24, shared).header(h -> h.incompatible(BOTH_BITS));

    assertThat(image.repair(RepairMode.LEAKS).verdict()).isEqualTo(Verdict.CORRUPT);
    assertThat(image.get(SmallImage.L2)).isEqualTo(shared);
    assertThat(image.get(Header.INCOMPATIBLE_AT)).isEqualTo(BOTH_BITS);
  }

  @Test
  void refcountsOfZeroAreSetWhereTheyAre() throws Exception {
    SmallImage image = SmallImage.sound().refcount(5, 0).refcount(6, 0);

    assertThat(image.repair(RepairMode.ALL).verdict()).isEqualTo(Verdict.CLEAN);
    assertThat(image.storage().size()).isEqualTo(SmallImage.END);
  }

  @Test
  void aLostRefcountBlockIsReplacedWhereNothingRefersTo() throws Exception {
    SmallImage image = SmallImage.sound().put(SmallImage.REFCOUNT_TABLE, 0);

    assertThat(image.repair(RepairMode.ALL).verdict()).isEqualTo(Verdict.CLEAN);
    assertThat(image.get(Header.REFCOUNT_TABLE_AT)).isEqualTo(SmallImage.END);
  }

  @Test
  void aStorageThatCannotGrowGetsTheNewStructureInside() throws Exception {
    SmallImage image = SmallImage.fixedSize(20).put(SmallImage.REFCOUNT_TABLE, 0x100);

    assertThat(image.repair(RepairMode.ALL).verdict()).isEqualTo(Verdict.CLEAN);
    assertThat(image.get(Header.REFCOUNT_TABLE_AT)).isEqualTo(SmallImage.END);
  }

  @Test
  void aFullStorageIsLeftAsItWas() throws Exception {
    SmallImage image = SmallImage.fixedSize(8).put(SmallImage.REFCOUNT_TABLE, 0x100);
    byte[] before = image.bytes();

    assertThatThrownBy(() -> image.repair(RepairMode.ALL)).isInstanceOf(NoSpaceException.class);
    assertThat(image.bytes()).isEqualTo(before);
  }

  @Test
  void nothingIsFreedBelowATableThatCannotBeFollowed() throws Exception {
    SmallImage image =
        SmallImage.sound()
            .put(SmallImage.L1, SmallImage.L2 + 512 | SmallImage.COPIED)
            .header(h -> h.incompatible(FeatureBits.CORRUPT));

    assertThat(image.repair(RepairMode.ALL).verdict()).isEqualTo(Verdict.CORRUPT);

    assertThat(image.get(Header.INCOMPATIBLE_AT)).isEqualTo(FeatureBits.CORRUPT);
    image.put(SmallImage.L1, SmallImage.L2 | SmallImage.COPIED);
    assertThat(image.check().leaks() + image.check().corruptions()).isLessThanOrEqualTo(1);
  }

  @Test
  void aMisplacedClusterThatOnlyReadsAsZeroIsGivenUp() throws Exception {
    long misplaced = SmallImage.DATA + 512 | SmallImage.COPIED | 1;
    SmallImage image = SmallImage.sound().put(SmallImage.L2, misplaced);

    assertThat(image.repair(RepairMode.ALL).verdict()).isEqualTo(Verdict.CLEAN);
    assertThat(image.get(SmallImage.L2)).isEqualTo(1);
  }

  @Test
  void aSecondRepairWritesNothing() throws Exception {
    SmallImage image = SmallImage.sound().put(SmallImage.REFCOUNT_TABLE, 0);
    image.repair(RepairMode.ALL);
    byte[] once = image.bytes();

    image.repair(RepairMode.ALL);

    assertThat(image.bytes()).isEqualTo(once);
  }
}
