// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.CorruptImageException;
import io.varve.image.UnsupportedImageException;
import io.varve.image.WrongFormatException;
import io.varve.image.qcow2.check.CheckReport.Verdict;
import io.varve.image.qcow2.format.FeatureBits;
import io.varve.image.storage.MemoryStorage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

class Qcow2CheckTest {
  @Test
  void aSoundImageIsClean() throws Exception {
    CheckReport report = SmallImage.sound().check();

    assertThat(report.verdict()).isEqualTo(Verdict.CLEAN);
    assertThat(report.allocatedClusters()).isEqualTo(3);
    assertThat(report.totalClusters()).isEqualTo(256);
    assertThat(report.imageEndOffset()).isEqualTo(SmallImage.END);
  }

  @Test
  void aClusterThatNothingRefersToIsALeak() throws Exception {
    CheckReport report = SmallImage.sound().put(SmallImage.L2, 0).check();

    assertThat(report.verdict()).isEqualTo(Verdict.LEAKS);
    assertThat(report.findings())
        .containsExactly(new Finding(Finding.Kind.LEAK, "Leaked cluster 5 refcount=1 reference=0"));
  }

  @Test
  void aClusterOfTwoOwnersIsCorrupt() throws Exception {
    long shared = SmallImage.DATA | SmallImage.COPIED;

    CheckReport report = SmallImage.sound().put(SmallImage.L2 + 24, shared).check();

    assertThat(report.verdict()).isEqualTo(Verdict.CORRUPT);
    assertThat(report.findings())
        .extracting(Finding::text)
        .containsExactly("ERROR cluster 5 refcount=1 reference=2");
  }

  @Test
  void dataThatClaimsTheIndexIsCorrupt() throws Exception {
    for (int at : new int[] {SmallImage.REFCOUNT_TABLE, SmallImage.REFCOUNT_BLOCK, SmallImage.L1}) {
      SmallImage image = SmallImage.sound().put(SmallImage.L2 + 24, at | SmallImage.COPIED);

      assertThat(image.check().verdict()).as("at " + at).isEqualTo(Verdict.CORRUPT);
    }
  }

  @Test
  void aCopiedBitThatLiesIsCorrupt() throws Exception {
    CheckReport report = SmallImage.sound().put(SmallImage.L2, SmallImage.DATA).check();

    assertThat(report.corruptions()).isEqualTo(1);
    assertThat(report.findings().getFirst().text()).contains("OFLAG_COPIED data cluster");
  }

  @Test
  void anEntryBehindTheEndOfTheFileIsCorrupt() throws Exception {
    CheckReport report = SmallImage.sound().put(SmallImage.L2 + 24, 1L << 40).check();

    assertThat(report.verdict()).isEqualTo(Verdict.CORRUPT);
    assertThat(report.findings().getFirst().text()).contains("exceeding the end of the file");
  }

  @Test
  void aSnapshotTableThatCannotBeReadEndsTheCheck() throws Exception {
    SmallImage image = SmallImage.sound().header(header -> header.snapshots(1, SmallImage.DATA));
    image.put(SmallImage.DATA + 32, 0xffffL);
    byte[] before = image.bytes();

    assertThat(image.check().verdict()).isEqualTo(Verdict.FAILED);
    assertThat(image.repair(RepairMode.ALL).verdict()).isEqualTo(Verdict.FAILED);
    assertThat(image.bytes()).isEqualTo(before);
  }

  @Test
  void theListOfFindingsIsBoundedAndTheCountIsNot() throws Exception {
    SmallImage image = SmallImage.sound();
    image.storage().truncate(4000 * SmallImage.CLUSTER);
    for (int cluster = 8; cluster < 2000; cluster++) {
      image.refcount(cluster, 1);
    }

    CheckReport report = image.check();

    assertThat(report.leaks()).isEqualTo(1992);
    assertThat(report.findings()).hasSize(1000);
  }

  @Test
  void anL1TableThatNamesOneTableMillionsOfTimesIsReadOnce() throws Exception {
    int entries = 4 << 20;
    SmallImage image =
        SmallImage.sound().header(header -> header.l1(entries, 1L << 20).size(1L << 40));
    long[] same = new long[1 << 16];
    java.util.Arrays.fill(same, SmallImage.L2 | SmallImage.COPIED);
    for (int i = 0; i < entries / same.length; i++) {
      image.put((1L << 20) + 8L * i * same.length, same);
    }
    long[] read = new long[1];

    CheckReport report = Qcow2Check.check(image.storage(), (done, total) -> read[0] = total);

    assertThat(report.verdict()).isEqualTo(Verdict.CORRUPT);
    assertThat(read[0]).isEqualTo(SmallImage.CLUSTER);
  }

  @Test
  void snapshotsThatShareOneLargeTableInPiecesDoNotMultiplyTheWork() throws Exception {
    int snapshots = 60_000;
    long table = 64L << 20;
    SmallImage image = SmallImage.sound().header(header -> header.snapshots(snapshots, table));
    image.put(1L << 20, SmallImage.L2);
    for (int i = 0; i < snapshots; i++) {
      // Each begins a cluster behind the one before and has 32 MiB.
      image.put(table + 40L * i, (1L << 20) + (i % 7000) * 4096L, (4L << 20) << 32);
    }

    List<Finding> overlaps = new ArrayList<>();
    CheckOptions options =
        CheckOptions.look()
            .withHearer(finding -> {
              if (finding.text().contains("overlap")) {
                overlaps.add(finding);
              }
            });
    CheckReport report = Qcow2Check.run(image.storage(), options);

    assertThat(report.verdict()).isEqualTo(Verdict.FAILED);
    assertThat(overlaps).isNotEmpty();
  }

  @Test
  void aHugeHoleCostsNothing() throws Exception {
    SmallImage image = SmallImage.sound();
    image.storage().truncate(1L << 42);

    assertThat(image.check().verdict()).isEqualTo(Verdict.CLEAN);
  }

  @Test
  void moreClustersThanCanBeCountedAreRefused() throws Exception {
    SmallImage image = SmallImage.sound();
    image.storage().truncate(1L << 60);

    assertThatThrownBy(image::check)
        .isInstanceOf(UnsupportedImageException.class)
        .hasMessageContaining("host clusters are too many to check");
  }

  @Test
  void aCheckCanBeStopped() throws Exception {
    MemoryStorage storage = SmallImage.sound().storage();

    assertThatThrownBy(() ->
            Qcow2Check.check(
                storage,
                (done, total) -> {
                  throw new CancellationException();
                }))
        .isInstanceOf(CancellationException.class);
  }

  @Test
  void whatCannotBeReadAtAllIsAnErrorThatNamesTheFile() throws Exception {
    MemoryStorage other = MemoryStorage.holding("other.img", new byte[4096]);
    SmallImage encrypted = SmallImage.sound();
    encrypted.put(32, 2L << 32 | 1);
    SmallImage damaged = SmallImage.sound().header(header -> header.l1(0, 0));

    assertThatThrownBy(() -> Qcow2Check.check(other, CheckProgress.NONE))
        .isInstanceOf(WrongFormatException.class)
        .hasMessageStartingWith("other.img: header at 0:");
    assertThatThrownBy(encrypted::check)
        .isInstanceOf(CorruptImageException.class)
        .hasMessageContaining("Missing CRYPTO header");
    assertThatThrownBy(damaged::check).isInstanceOf(CorruptImageException.class);
  }

  @Test
  void anImageWithoutARefcountTableIsCorruptAndCanBeRepaired() throws Exception {
    SmallImage image = SmallImage.sound().header(header -> header.refcountTable(0, 0));

    assertThat(image.check().verdict()).isEqualTo(Verdict.CORRUPT);
    assertThat(image.repair(RepairMode.ALL).verdict()).isEqualTo(Verdict.CLEAN);
  }

  @Test
  void theDirtyBitAloneIsNoFinding() throws Exception {
    SmallImage image = SmallImage.sound().header(header -> header.incompatible(FeatureBits.DIRTY));

    assertThat(image.check().verdict()).isEqualTo(Verdict.CLEAN);
  }
}
