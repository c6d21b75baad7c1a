// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import static io.varve.engine.TestBed.BLOCK;
import static io.varve.engine.TestBed.MIB;
import static io.varve.engine.TestBed.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.engine.catalog.MemoryCatalog;
import io.varve.engine.model.ApplyOutcome;
import io.varve.engine.model.ApplySpec;
import io.varve.engine.model.DiffSpec;
import io.varve.engine.model.ExportSpec;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.image.LayerFormat;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A copy elsewhere follows its origin by what changed.
final class ApplyTest {
  @TempDir Path root;
  private TestBed bed;
  private TestBed copy;

  @BeforeEach
  void open() {
    bed = new TestBed(root.resolve("a")).withPool().withDisk("d", 4 * MIB);
    copy = new TestBed(root.resolve("b")).withPool();
    bed.write("d", 0, 1, 4 * BLOCK);
    snapshot(bed, "s1");
    bed.write("d", BLOCK, 2, 5000);
    bed.varve.data().zero(at("d"), 2 * BLOCK, BLOCK);
    snapshot(bed, "s2");
    bed.write("d", 30 * BLOCK, 3, 512);
    bed.varve.disks().resize(at("d"), 5 * MIB, false);
    snapshot(bed, "s3");
  }

  private static void snapshot(TestBed bed, String name) {
    bed.varve.snapshots().create(at("d"), name, SnapshotKindChoice.AUTO);
  }

  private byte[] stream(String from, String to) {
    return stream(from, to, DiffSpec.USUAL);
  }

  private byte[] stream(String from, String to, DiffSpec spec) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    bed.varve.diffs().send(from == null ? null : at(from), at(to), spec, out);
    return out.toByteArray();
  }

  private ApplyOutcome apply(byte[] stream, ApplySpec spec) {
    return copy.varve.diffs().apply(at("p/d"), new ByteArrayInputStream(stream), spec);
  }

  private ApplyOutcome apply(byte[] stream) {
    return apply(stream, ApplySpec.USUAL);
  }

  @Test
  void aCopyIsMadeAndFollows() {
    ApplyOutcome made = apply(stream(null, "d@s1"));
    assertThat(made.snapshot()).isEqualTo("p/d@s1");
    assertThat(made.verified()).isTrue();
    assertThat(copy.readAll("d")).isEqualTo(bed.readAll("d@s1"));
    assertThat(apply(stream("d@s1", "d@s2")).moved()).isTrue();
    assertThat(copy.readAll("d")).isEqualTo(bed.readAll("d@s2"));
    apply(stream("d@s2", "d@s3"));
    assertThat(copy.readAll("d")).isEqualTo(bed.readAll("d@s3"));
    assertThat(copy.readAll("d@s1")).isEqualTo(bed.readAll("d@s1"));
    assertThat(copy.readAll("d@s2")).isEqualTo(bed.readAll("d@s2"));
    assertThat(copy.tree("d")).containsExactly("s1<-", "s2<s1", "s3<s2", "*p/d<s3");
  }

  @Test
  void theCatalogOfTheCopyComesBackFromItsFiles() {
    apply(stream(null, "d@s1"));
    apply(stream("d@s1", "d@s2"));
    copy.close();
    copy = new TestBed(root.resolve("b"), new MemoryCatalog(), StepHook.NONE);
    assertThat(copy.varve.pools().rescan(copy.folder).findings()).isEmpty();
    apply(stream("d@s2", "d@s3"));
    assertThat(copy.readAll("d")).isEqualTo(bed.readAll("d@s3"));
  }

  @Test
  void applyingAgainChangesNothing() {
    apply(stream(null, "d@s1"));
    apply(stream("d@s1", "d@s2"));
    List<Path> files = copy.layerFiles();
    assertThat(apply(stream("d@s1", "d@s2")).already()).isTrue();
    assertThat(apply(stream(null, "d@s1")).already()).isTrue();
    assertThat(copy.layerFiles()).isEqualTo(files);
    assertThat(copy.readAll("d")).isEqualTo(bed.readAll("d@s2"));
  }

  @Test
  void comparedStreamsAreSmallerAndLeadToTheSame() {
    apply(stream(null, "d@s1"));
    byte[] small = stream("d@s1", "d@s2", DiffSpec.USUAL.withByContent(true));
    assertThat(small.length).isLessThan(stream("d@s1", "d@s2").length / 2);
    apply(small);
    assertThat(copy.readAll("d")).isEqualTo(bed.readAll("d@s2"));
  }

  @Test
  void aCopyMadeOtherwiseIsKnownByItsContent() {
    Path file = root.resolve("d.raw");
    bed.varve.disks().exportImage(at("d@s1"), file, ExportSpec.of(LayerFormat.RAW));
    copy.varve.disks().importImage("p", "d", file, LayerFormat.RAW);
    assertThatThrownBy(() -> apply(stream("d@s1", "d@s2")))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("--base-checksum");
    apply(stream("d@s1", "d@s2", DiffSpec.USUAL.withBaseDigest(true)));
    assertThat(copy.readAll("d")).isEqualTo(bed.readAll("d@s2"));
    assertThat(copy.tree("d")).containsExactly("s1<-", "s2<s1", "*p/d<s2");
  }

  @Test
  void anotherContentIsNotTheBase() {
    copy.withDisk("d", 4 * MIB);
    copy.write("d", 0, 9, BLOCK);
    assertThatThrownBy(() -> apply(stream("d@s1", "d@s2", DiffSpec.USUAL.withBaseDigest(true))))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("has the content of 'd@s1'");
    snapshot(copy, "x");
    List<Path> files = copy.layerFiles();
    assertThatThrownBy(() -> apply(stream("d@s1", "d@s2"), ApplySpec.USUAL.withTrustBase("x")))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("its checksum differs");
    assertThat(copy.layerFiles()).isEqualTo(files);
    assertThat(copy.read("d", 0)).isEqualTo(9);
  }

  @Test
  void whatWasWrittenToTheCopyIsNotLostUnasked() {
    apply(stream(null, "d@s1"));
    copy.write("d", 0, 9, BLOCK);
    byte[] stream = stream("d@s1", "d@s2");
    assertThatThrownBy(() -> apply(stream))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("--keep-as");
    assertThat(apply(stream, ApplySpec.USUAL.withStay(true)).moved()).isFalse();
    assertThat(copy.read("d", 0)).isEqualTo(9);
    assertThat(copy.readAll("d@s2")).isEqualTo(bed.readAll("d@s2"));
    apply(stream("d@s2", "d@s3"), ApplySpec.USUAL.withKeepAs("mine"));
    assertThat(copy.readAll("d")).isEqualTo(bed.readAll("d@s3"));
    assertThat(copy.read("d@mine", 0)).isEqualTo(9);
  }

  @Test
  void aDamagedStreamLeavesTheCopyAsItWas() {
    apply(stream(null, "d@s1"));
    List<Path> files = copy.layerFiles();
    byte[] stream = stream("d@s1", "d@s2");
    assertThatThrownBy(() -> apply(Arrays.copyOf(stream, stream.length - 1)))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("ends early");
    stream[stream.length / 2] ^= 1;
    assertThatThrownBy(() -> apply(stream)).isInstanceOf(DamagedException.class);
    assertThat(copy.layerFiles()).isEqualTo(files);
    assertThat(copy.readAll("d")).isEqualTo(bed.readAll("d@s1"));
  }

  @Test
  void aDiskThatCannotBeIsRefused() {
    byte[] stream = stream(null, "d@s1");
    ByteBuffer bytes = ByteBuffer.wrap(stream);
    int end = 8 + bytes.getInt(4);
    // The size of the result, and the checksum of the header.
    bytes.putLong(8 + 16, 1L << 62);
    CRC32C crc = new CRC32C();
    crc.update(stream, 0, end);
    bytes.putInt(end, (int) crc.getValue());
    assertThatThrownBy(() -> apply(stream))
        .isInstanceOf(VarveException.class)
        .hasMessageNotContaining("internal error");
    assertThat(copy.layerFiles()).isEmpty();
    assertThat(copy.varve.disks().list("p")).isEmpty();
  }

  @Test
  void theDiskAsItIsNowCanBeSent() {
    bed.write("d", 7 * BLOCK, 8, BLOCK);
    apply(stream(null, "d@s3"));
    byte[] now = stream("d@s3", "d");
    assertThatThrownBy(() -> apply(now))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("--as");
    apply(now, ApplySpec.USUAL.withSnapshot("now"));
    assertThat(copy.readAll("d")).isEqualTo(bed.readAll("d"));
    assertThat(apply(now, ApplySpec.USUAL.withSnapshot("now")).already()).isTrue();
  }

  @Test
  void aChangeNeedsItsBaseAndAWholeDiskNeedsAFreeName() {
    assertThatThrownBy(() -> apply(stream("d@s1", "d@s2")))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("--full");
    copy.withDisk("d", MIB);
    assertThatThrownBy(() -> apply(stream(null, "d@s1")))
        .isInstanceOf(AlreadyExistsException.class);
  }
}
