// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.engine.catalog.MemoryCatalog;
import io.varve.engine.model.AdoptReport;
import io.varve.engine.model.AdoptSpec;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.DoctorSpec;
import io.varve.testkit.QemuHolder;
import io.varve.testkit.QemuTools;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Chains that the real tools made come into a pool, and the real tools read them there.
final class AdoptIT {
  private static final int MIB = TestBed.MIB;
  private final QemuTools qemu = QemuTools.require();
  @TempDir Path root;
  private Path own;
  private TestBed bed;

  /// A crash: the engine must not get to clean up.
  private static final class Crash extends Error {
    private static final long serialVersionUID = 1L;
  }

  @BeforeEach
  void chain() throws IOException {
    own = Files.createDirectories(root.resolve("images"));
    bed = new TestBed(root).withPool();
    make(own);
  }

  /// base.qcow2 <- web.snap1 (relative name) <- web.snap2 (absolute name), each with a block of its
  /// own.
  private void make(Path folder) throws IOException {
    qemu.img("create", "-q", "-f", "qcow2", folder.resolve("base.qcow2").toString(), "8M").ok();
    qemu.io(folder.resolve("base.qcow2"), List.of("write -P 1 0 1M"));
    overlay(folder.resolve("web.snap1"), "base.qcow2");
    qemu.io(folder.resolve("web.snap1"), List.of("write -P 2 1M 1M"));
    overlay(folder.resolve("web.snap2"), folder.resolve("web.snap1").toString());
    qemu.io(folder.resolve("web.snap2"), List.of("write -P 3 2M 64k", "write -z 0 64k"));
  }

  private void overlay(Path file, String base) throws IOException {
    qemu.img("create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", file.toString()).ok();
  }

  private static AdoptSpec spec(Path top) {
    return new AdoptSpec(
        "p", List.of(new AdoptSpec.Top("web", top)), List.of(), List.of(), false, false);
  }

  private AdoptSpec spec() {
    return spec(own.resolve("web.snap2"));
  }

  private static void requireContent(TestBed bed, String disk, String middle, String lowest) {
    assertThat(bed.read(disk, 2L * MIB)).isEqualTo(3);
    assertThat(bed.read(disk, MIB)).isEqualTo(2);
    assertThat(bed.read(disk, 0)).isZero();
    assertThat(bed.read(disk, 65536)).isEqualTo(1);
    assertThat(bed.read(disk + "@" + middle, 2L * MIB)).isZero();
    assertThat(bed.read(disk + "@" + middle, MIB)).isEqualTo(2);
    assertThat(bed.read(disk + "@" + lowest, MIB)).isZero();
    assertThat(bed.read(disk + "@" + lowest, 0)).isEqualTo(1);
  }

  private void requireHealthy(TestBed where) throws IOException {
    assertThat(where.varve.upkeep().doctor("p", new DoctorSpec(false, true)).ailments()).isEmpty();
    assertThat(where.varve.pools().rescan("p").findings()).isEmpty();
    for (Path file : where.layerFiles()) {
      qemu.img("check", "-q", file.toString()).ok();
    }
  }

  @Test
  void aChainIsMovedAndItsFilesBecomeSnapshots() throws IOException {
    AdoptReport plan =
        bed.varve
            .upkeep()
            .adopt(
                new AdoptSpec(
                    "p",
                    List.of(new AdoptSpec.Top("web", own.resolve("web.snap2"))),
                    List.of(),
                    List.of(),
                    false,
                    true));
    assertThat(plan.done()).isFalse();
    assertThat(TestBed.files(own)).hasSize(3);
    AdoptReport done = bed.varve.upkeep().adopt(spec());
    assertThat(done.files())
        .extracting(AdoptReport.File::snapshot)
        .containsExactly("base", "web.snap1", null);
    assertThat(TestBed.files(own)).isEmpty();
    assertThat(bed.tree("web")).containsExactly("base<-", "web.snap1<base", "*p/web<web.snap1");
    requireContent(bed, "web", "web.snap1", "base");
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(done.files().getFirst().to())))
        .isEqualTo("r--r--r--");
    requireHealthy(bed);
    requireContent(bed, "web", "web.snap1", "base");
    Path raw = root.resolve("web.raw");
    Path active = bed.varve.disks().show(at("web")).file();
    qemu.img("convert", "-f", "qcow2", "-O", "raw", active.toString(), raw.toString()).ok();
    assertThat(Files.readAllBytes(raw)).isEqualTo(bed.readAll("web"));
    bed.varve.snapshots().delete(at("web@web.snap1"));
    assertThat(bed.read("web", MIB)).isEqualTo(2);
  }

  @Test
  void copiesLeaveTheFilesAlone() throws IOException {
    byte[] before = Files.readAllBytes(own.resolve("web.snap2"));
    AdoptSpec copy =
        new AdoptSpec(
            "p",
            List.of(new AdoptSpec.Top("web", own.resolve("web.snap2"))),
            List.of(),
            List.of("one", "two"),
            true,
            false);
    bed.varve.upkeep().adopt(copy);
    requireContent(bed, "web", "two", "one");
    assertThat(Files.readAllBytes(own.resolve("web.snap2"))).isEqualTo(before);
    assertThat(TestBed.files(own)).hasSize(3);
    requireHealthy(bed);
  }

  @Test
  void disksThatShareABaseComeTogether() throws IOException {
    overlay(own.resolve("other.qcow2"), "web.snap1");
    qemu.io(own.resolve("other.qcow2"), List.of("write -P 9 0 64k"));
    assertThatThrownBy(() -> bed.varve.upkeep().adopt(spec()))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("other.qcow2 stands on it too")
        .hasMessageContaining("--also");
    assertThat(TestBed.files(own)).hasSize(4);
    bed.varve
        .upkeep()
        .adopt(
            new AdoptSpec(
                "p",
                List.of(
                    new AdoptSpec.Top("web", own.resolve("web.snap2")),
                    new AdoptSpec.Top("other", own.resolve("other.qcow2"))),
                List.of(),
                List.of(),
                false,
                false));
    requireContent(bed, "web", "web.snap1", "base");
    assertThat(bed.read("other", 0)).isEqualTo(9);
    assertThat(bed.read("other", MIB)).isEqualTo(2);
    assertThat(bed.varve.disks().show(at("other")).clonedFrom()).isEqualTo("web@web.snap1");
    requireHealthy(bed);
  }

  @Test
  void whatCannotBeTakenIsRefusedAndLeftAlone() throws IOException {
    Path raw = own.resolve("raw.img");
    Files.write(raw, new byte[MIB]);
    Path onRaw = own.resolve("onraw.qcow2");
    qemu.img("create", "-q", "-f", "qcow2", "-b", "raw.img", "-F", "raw", onRaw.toString()).ok();
    refused(spec(onRaw), "of format raw");
    Path far = Files.createDirectories(root.resolve("far")).resolve("far.qcow2");
    overlay(far, own.resolve("base.qcow2").toString());
    refused(spec(far), "another folder");
    Files.createLink(own.resolve("second-name"), own.resolve("web.snap2"));
    refused(spec(), "hard links");
    Files.delete(own.resolve("second-name"));
    qemu.img("rebase", "-u", "-b", "web.snap2", "-F", "qcow2", own.resolve("base.qcow2").toString())
        .ok();
    refused(spec(), "loops");
    assertThat(bed.layerFiles()).isEmpty();
  }

  @Test
  void aBaseWithoutItsFormatIsNeverGuessed() throws IOException {
    Path old = own.resolve("old.qcow2");
    qemu.img("create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", old.toString()).ok();
    byte[] bytes = Files.readAllBytes(old);
    // The type of the extension that names the format becomes one that nobody knows.
    int at = indexOf(bytes, new byte[] {(byte) 0xE2, 0x79, 0x2A, (byte) 0xCA});
    bytes[at] = 0x11;
    Files.write(old, bytes);
    refused(spec(old), "without its format");
  }

  private static int indexOf(byte[] all, byte[] wanted) {
    for (int i = 0; ; i++) {
      if (Arrays.equals(all, i, i + wanted.length, wanted, 0, wanted.length)) {
        return i;
      }
    }
  }

  private void refused(AdoptSpec spec, String why) {
    assertThatThrownBy(() -> bed.varve.upkeep().adopt(spec))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining(why)
        .satisfies(e -> assertThat(((VarveException) e).cure()).isNotEmpty());
  }

  @Test
  void filesInUseAreRefused() throws IOException {
    try (var _ = QemuHolder.io(own.resolve("web.snap2"))) {
      assertThatThrownBy(() -> bed.varve.upkeep().adopt(spec())).isInstanceOf(BusyException.class);
      assertThat(TestBed.files(own)).hasSize(3);
    }
    bed.varve.upkeep().adopt(spec());
    requireContent(bed, "web", "web.snap1", "base");
  }

  @Test
  void cutBeforeAnyStepItIsFinishedOrUndone() throws IOException {
    for (boolean crash : new boolean[] {true, false}) {
      for (boolean copy : new boolean[] {true, false}) {
        for (int cut = 0; cutOnce(crash, copy, cut); cut++) {
          assertThat(cut).isLessThan(40);
        }
      }
    }
  }

  /// False if it came to its end before the cut.
  private boolean cutOnce(boolean crash, boolean copy, int cut) throws IOException {
    Path here = Files.createTempDirectory(root, "cut");
    Path images = Files.createDirectories(here.resolve("images"));
    make(images);
    List<String> seen = new ArrayList<>();
    AdoptSpec spec =
        new AdoptSpec(
            "p",
            List.of(new AdoptSpec.Top("web", images.resolve("web.snap2"))),
            List.of(),
            List.of(),
            copy,
            false);
    try (TestBed cutBed = new TestBed(here, new MemoryCatalog(), StepHook.NONE)) {
      cutBed.withPool();
      boolean wasCut = runCut(cutBed, spec, crash, cut, seen);
      cutBed.varve.disks().create("p", "wake-up", DiskSpec.of(MIB));
      boolean adopted =
          cutBed.varve.disks().list("p").stream().anyMatch(disk -> disk.name().equals("web"));
      assertThat(TestBed.files(images)).as("%s", seen).hasSize(adopted && !copy ? 0 : 3);
      if (!adopted) {
        assertThat(cutBed.layerFiles()).as("%s", seen).hasSize(1);
        requireAsBefore(images);
        cutBed.varve.upkeep().adopt(spec);
      }
      requireContent(cutBed, "web", "web.snap1", "base");
      requireHealthy(cutBed);
      return wasCut;
    }
  }

  private void requireAsBefore(Path images) throws IOException {
    Path top = images.resolve("web.snap2");
    qemu.io(top, List.of("read -P 3 2M 64k", "read -P 2 1M 1M", "read -P 1 64k 64k"));
    assertThat(qemu.img("info", "--backing-chain", top.toString()).ok().out())
        .contains("backing file: base.qcow2")
        .contains("backing file: " + images.resolve("web.snap1"))
        .contains("backing file format: qcow2");
    for (Path file : TestBed.files(images)) {
      assertThat(Files.isWritable(file)).isTrue();
    }
  }

  private static boolean runCut(
      TestBed bed, AdoptSpec spec, boolean crash, int cut, List<String> seen) {
    AtomicInteger steps = new AtomicInteger();
    Varve cuttable =
        bed.again((verb, step) -> {
          seen.add(verb + ":" + step);
          if (steps.getAndIncrement() == cut) {
            if (crash) {
              throw new Crash();
            }
            throw new UncheckedIOException(new IOException("no more"));
          }
        });
    try {
      cuttable.upkeep().adopt(spec);
      return false;
    } catch (Crash | VarveException e) {
      return true;
    }
  }
}
