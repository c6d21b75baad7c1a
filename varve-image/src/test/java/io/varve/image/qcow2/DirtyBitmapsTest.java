// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import static io.varve.image.qcow2.TestImages.check;
import static io.varve.image.qcow2.TestImages.fill;
import static io.varve.image.qcow2.TestImages.image;
import static io.varve.image.qcow2.TestImages.open;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.Below;
import io.varve.image.BitmapException;
import io.varve.image.CorruptImageException;
import io.varve.image.GuestOffset;
import io.varve.image.ReadOnlyImageException;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.qcow2.DirtyBitmaps.DirtyRange;
import io.varve.image.qcow2.bitmap.BitmapState;
import io.varve.image.storage.MemoryStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DirtyBitmapsTest {
  private static final int K = 1 << 10;
  private static final long SIZE = 4L << 20;

  private final MemoryStorage storage = image(Qcow2CreateOptions.ofSize(SIZE));

  DirtyBitmapsTest() throws IOException {}

  static List<DirtyRange> ranges(Qcow2Layer layer, String bitmap) throws IOException {
    List<DirtyRange> ranges = new ArrayList<>();
    DirtyBitmaps bitmaps = layer.bitmaps();
    for (DirtyRange r = bitmaps.next(bitmap, 0); r != null; r = bitmaps.next(bitmap, r.end())) {
      ranges.add(r);
    }
    return ranges;
  }

  private static DirtyRange kib(long start, long length) {
    return new DirtyRange(start * K, length * K);
  }

  private static BitmapState state(String name, long granularity, boolean enabled) {
    return new BitmapState(name, granularity, enabled, false, false);
  }

  private Qcow2Layer readOnly() throws IOException {
    return Qcow2Layer.open(storage.reopen(true), Qcow2Options.readOnly());
  }

  private void assertClean() throws IOException {
    assertThat(check(storage).sound()).as("%s", check(storage)).isTrue();
    assertThat(check(storage).leaks()).isZero();
  }

  @Test
  void recordsWritesZeroesAndDiscardsWhileEnabled() throws IOException {
    try (Qcow2Layer layer = open(storage)) {
      layer.bitmaps().add("on", 64 * K, true);
      layer.bitmaps().add("off", 64 * K, false);
      fill(layer, 100 * K, 100, 1);
      fill(layer, 100 * K, 100, 2);
      layer.zero(GuestOffset.of(640 * K), 130 * K, ZeroMode.UNMAP, Below.NOTHING);
      layer.discard(GuestOffset.of(2048 * K), K, Below.NOTHING);
    }
    try (Qcow2Layer layer = readOnly()) {
      assertThat(ranges(layer, "on")).containsExactly(kib(64, 64), kib(640, 192), kib(2048, 64));
      assertThat(ranges(layer, "off")).isEmpty();
      assertThat(layer.bitmaps().list())
          .containsExactly(state("on", 64 * K, true), state("off", 64 * K, false));
    }
    assertClean();
  }

  @Test
  void aCompressedClusterIsAChangeToo() throws IOException {
    try (Qcow2Layer layer = open(storage)) {
      layer.bitmaps().add("b", 512, true);
      layer.writeCompressed(GuestOffset.of(64 * K), new byte[] {1, 2, 3}, 3);
      assertThat(ranges(layer, "b")).containsExactly(kib(64, 64));
    }
  }

  @Test
  void isInUseOnDiskFromTheFirstChangeUntilItIsClosed() throws IOException {
    try (Qcow2Layer layer = open(storage)) {
      layer.bitmaps().add("b", 64 * K, true);
      assertThat(storedFlags()).containsExactly(false);
      fill(layer, 0, K, 1);
      assertThat(storedFlags()).containsExactly(true);
      layer.flush();
      assertThat(storedFlags()).containsExactly(true);
      layer.bitmaps().clear("b");
      assertThat(storedFlags()).containsExactly(false);
      fill(layer, 0, K, 1);
    }
    assertThat(storedFlags()).containsExactly(false);
  }

  private List<Boolean> storedFlags() throws IOException {
    try (Qcow2Layer layer = readOnly()) {
      return layer.bitmaps().list().stream().map(BitmapState::inconsistent).toList();
    }
  }

  @Test
  void anInconsistentBitmapCanOnlyBeRemoved() throws IOException {
    MemoryStorage copy = abandonedInUse();
    try (Qcow2Layer layer = open(copy)) {
      DirtyBitmaps bitmaps = layer.bitmaps();
      assertThat(bitmaps.list())
          .containsExactly(new BitmapState("b", 64 * K, true, true, true), state("c", 512, false));
      assertInconsistent(() -> bitmaps.clear("b"));
      assertInconsistent(() -> bitmaps.enable("b"));
      assertInconsistent(() -> bitmaps.disable("b"));
      assertInconsistent(() -> bitmaps.merge("b", "c"));
      assertInconsistent(() -> bitmaps.merge("c", "b"));
      assertInconsistent(() -> bitmaps.next("b", 0));
      assertInconsistent(() -> layer.resize(SIZE * 2, Below.NOTHING));
      fill(layer, 0, K, 1);
      bitmaps.remove("b");
      assertThat(bitmaps.list()).containsExactly(state("c", 512, false));
    }
    assertThat(check(copy).leaks()).isZero();
  }

  private interface Action {
    void run() throws IOException;
  }

  private static void assertInconsistent(Action action) {
    assertThatThrownBy(action::run)
        .isInstanceOfSatisfying(
            BitmapException.class,
            e -> {
              assertThat(e.reason()).isEqualTo("Bitmap 'b' is inconsistent and cannot be used");
              assertThat(e.cure())
                  .isEqualTo("Try block-dirty-bitmap-remove to delete this bitmap from disk");
            });
  }

  /// An image that was copied while "b" recorded changes.
  private MemoryStorage abandonedInUse() throws IOException {
    Qcow2Options counted = Qcow2Options.readWrite().withQemuLayout(true);
    try (Qcow2Layer layer = Qcow2Layer.open(storage.reopen(false), counted)) {
      layer.bitmaps().add("b", 64 * K, true);
      layer.bitmaps().add("c", 512, false);
      fill(layer, 0, K, 1);
      layer.flush();
      ByteBuffer all = ByteBuffer.allocate((int) storage.size());
      storage.read(0, all);
      MemoryStorage copy = new MemoryStorage("copy");
      copy.write(0, all.flip());
      return copy;
    }
  }

  @Test
  void mergesAcrossGranularitiesAndImages() throws IOException {
    MemoryStorage other = image(Qcow2CreateOptions.ofSize(SIZE).withClusterBits(12));
    try (Qcow2Layer layer = open(storage);
        Qcow2Layer source = open(other)) {
      layer.bitmaps().add("fine", 512, true);
      layer.bitmaps().add("coarse", 256 * K, false);
      source.bitmaps().add("s", 4 * K, true);
      fill(layer, 300 * K, 600, 1);
      for (int i = 0; i < 1000; i += 2) {
        fill(source, i * 4L * K, 1, 1);
      }
      layer.bitmaps().merge("coarse", "fine");
      assertThat(ranges(layer, "coarse")).containsExactly(kib(256, 256));
      layer.bitmaps().merge("fine", "coarse");
      assertThat(ranges(layer, "fine")).containsExactly(kib(256, 256));
      layer.bitmaps().merge("fine", source.bitmaps(), "s");
      assertThat(ranges(layer, "fine")).hasSize(500 - 33 + 1);
      layer.bitmaps().merge("coarse", source.bitmaps(), "s");
      assertThat(ranges(layer, "coarse")).containsExactly(kib(0, 4096));
      source.resize(2 * SIZE, Below.NOTHING);
      assertThatThrownBy(() -> layer.bitmaps().merge("fine", source.bitmaps(), "s"))
          .hasMessageContaining(
              "Bitmaps are of different sizes (destination size is 4194304, source size is 8388608)"
                  + " and can't be merged");
    }
    assertClean();
    assertThat(check(other).leaks()).isZero();
  }

  @Test
  void followsTheDiskWhenItGrowsAndShrinks() throws IOException {
    MemoryStorage small = image(Qcow2CreateOptions.ofSize(SIZE).withClusterBits(9));
    try (Qcow2Layer layer = open(small)) {
      layer.bitmaps().add("b", 512, true);
      layer.bitmaps().add("all", 512, true);
      fill(layer, SIZE - K, K, 1);
      layer.zero(GuestOffset.ZERO, SIZE, ZeroMode.UNMAP, Below.NOTHING);
      layer.bitmaps().clear("b");
      fill(layer, SIZE - K, K, 1);
      layer.resize(SIZE * 4, Below.NOTHING);
      assertThat(ranges(layer, "b")).containsExactly(new DirtyRange(SIZE - K, K));
      assertThat(ranges(layer, "all")).containsExactly(new DirtyRange(0, SIZE));
      fill(layer, SIZE * 4 - 512, 512, 1);
      layer.resize(SIZE - 512, Below.NOTHING);
      layer.resize(SIZE * 2, Below.NOTHING);
    }
    try (Qcow2Layer layer = open(small)) {
      assertThat(ranges(layer, "b")).containsExactly(new DirtyRange(SIZE - K, 512));
      assertThat(ranges(layer, "all")).containsExactly(new DirtyRange(0, SIZE - 512));
    }
    assertThat(check(small).leaks()).isZero();
    assertThat(check(small).corruptions()).isZero();
  }

  @Test
  void staysThroughInternalSnapshotsButRefusesToGoBack() throws IOException {
    try (Qcow2Layer layer = open(storage)) {
      layer.bitmaps().add("b", 64 * K, true);
      fill(layer, 0, 64 * K, 1);
      layer.snapshots().create("s", Instant.EPOCH);
      fill(layer, 128 * K, 64 * K, 1);
      assertThatThrownBy(() -> layer.snapshots().apply("s"))
          .hasMessageContaining("Device has active dirty bitmaps");
      layer.snapshots().delete("s");
      assertThat(ranges(layer, "b")).containsExactly(kib(0, 64), kib(128, 64));
    }
    assertClean();
  }

  @Test
  void refusesWhatQemuRefuses() throws IOException {
    try (Qcow2Layer layer = open(storage)) {
      DirtyBitmaps bitmaps = layer.bitmaps();
      bitmaps.add("b", 512, true);
      assertRefused(() -> bitmaps.add("b", 512, true), "Bitmap already exists: b");
      assertRefused(() -> bitmaps.add("", 512, true), "Bitmap name cannot be empty");
      assertThatThrownBy(() -> bitmaps.add("x".repeat(1024), 512, true))
          .hasMessageContaining("Name length exceeds maximum (1023 characters)");
      String granularity = "Granularity must be power of 2 and at least 512";
      assertRefused(() -> bitmaps.add("c", 256, true), granularity);
      assertRefused(() -> bitmaps.add("c", 1000, true), granularity);
      assertRefused(() -> bitmaps.add("c", 1L << 32, true), granularity);
      assertRefused(() -> bitmaps.remove("c"), "Dirty bitmap 'c' not found");
      assertRefused(() -> bitmaps.merge("b", "c"), "Dirty bitmap 'c' not found");
    }
    try (Qcow2Layer layer = readOnly()) {
      assertThatThrownBy(() -> layer.bitmaps().clear("b"))
          .isInstanceOf(ReadOnlyImageException.class);
    }
    MemoryStorage old = image(Qcow2CreateOptions.ofSize(SIZE).withVersion(2));
    try (Qcow2Layer layer = open(old)) {
      assertThatThrownBy(() -> layer.bitmaps().add("b", 512, true))
          .hasMessageContaining("Cannot store dirty bitmaps in qcow2 v2 files");
    }
    MemoryStorage huge = image(Qcow2CreateOptions.ofSize(1L << 50));
    try (Qcow2Layer layer = open(huge)) {
      assertThatThrownBy(() -> layer.bitmaps().add("b", 64 * K, true))
          .hasMessageContaining("Use larger granularity");
    }
  }

  private static void assertRefused(Action action, String reason) {
    assertThatThrownBy(action::run)
        .isInstanceOfSatisfying(
            BitmapException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  @Test
  void theLastBitmapTakesTheExtensionAway() throws IOException {
    long before = storage.size();
    try (Qcow2Layer layer = open(storage)) {
      layer.bitmaps().add("b", 64 * K, true);
      fill(layer, 0, K, 1);
      layer.bitmaps().clear("b");
      layer.discard(GuestOffset.ZERO, 64 * K, Below.NOTHING);
      layer.bitmaps().remove("b");
      assertThat(layer.area().header().autoclear()).isZero();
      assertThat(layer.area().bitmaps()).isEmpty();
    }
    assertThat(storage.size()).isGreaterThanOrEqualTo(before);
    assertClean();
  }

  @Test
  void dropsBitmapsThatSomebodyDidNotKeep() throws IOException {
    try (Qcow2Layer layer = open(storage)) {
      layer.bitmaps().add("b", 64 * K, true);
    }
    storage.write(88, ByteBuffer.allocate(8));
    List<String> notices = new ArrayList<>();
    Qcow2Options hearing = Qcow2Options.readOnly().withNotices(notices::add);
    try (Qcow2Layer layer = Qcow2Layer.open(storage.reopen(true), hearing)) {
      assertThat(layer.bitmaps().list()).isEmpty();
      assertThat(notices)
          .singleElement()
          .asString()
          .startsWith("warning: a program lacking bitmap support modified this file");
    }
    try (Qcow2Layer layer = open(storage)) {
      assertThat(layer.bitmaps().list()).isEmpty();
      layer.bitmaps().add("b", 64 * K, true);
      assertThat(layer.bitmaps().list()).containsExactly(state("b", 64 * K, true));
    }
    assertThat(check(storage).corruptions()).isZero();
    assertThat(check(storage).leaks()).isEqualTo(2);
  }

  @Test
  void refusesADamagedDirectoryInQemusWords() throws IOException {
    try (Qcow2Layer layer = open(storage)) {
      layer.bitmaps().add("b", 64 * K, true);
    }
    long directory = directoryOffset();
    ByteBuffer good = ByteBuffer.allocate(32);
    storage.read(directory, good);
    assertDamage(directory + 17, 8, "Bitmap 'b' doesn't satisfy the constraints");
    assertDamage(directory + 17, 32, "Bitmap 'b' doesn't satisfy the constraints");
    assertDamage(directory + 15, 8, "Bitmap 'b' doesn't satisfy the constraints");
    assertDamage(directory + 16, 2, "Bitmap 'b' doesn't satisfy the constraints");
    assertDamage(directory + 18, 1, "Broken bitmap directory");
    assertDamage(directory + 23, 1, "Bitmap extra data is not supported");
    assertDamage(directory + 11, 2, "Could not read bitmap 'b' from image");
    long table = good.getLong(0);
    assertDamage(table, 1, "Could not read bitmap_table table from image for bitmap 'b'");
  }

  private void assertDamage(long at, int value, String words) throws IOException {
    ByteBuffer old = ByteBuffer.allocate(1);
    storage.read(at, old);
    storage.write(at, ByteBuffer.wrap(new byte[] {(byte) value}));
    assertThatThrownBy(this::readOnly)
        .isInstanceOf(CorruptImageException.class)
        .hasMessageContaining(words);
    assertThatThrownBy(() -> open(storage)).hasMessageContaining(words);
    storage.write(at, old.flip());
  }

  private long directoryOffset() throws IOException {
    try (Qcow2Layer layer = readOnly()) {
      return layer.area().bitmaps().orElseThrow().directoryOffset();
    }
  }

  @Test
  void manyBitmapsKeepTheirOrder() throws IOException {
    List<String> names = new ArrayList<>();
    try (Qcow2Layer layer = open(storage)) {
      for (int i = 0; i < 70; i++) {
        layer.bitmaps().add("bitmap-" + i, 512L << (i % 10), i % 3 == 0);
        names.add("bitmap-" + i);
      }
      layer.bitmaps().remove("bitmap-5");
      names.remove("bitmap-5");
      fill(layer, 0, K, 1);
    }
    try (Qcow2Layer layer = readOnly()) {
      assertThat(layer.bitmaps().list()).extracting(BitmapState::name).isEqualTo(names);
      assertThat(ranges(layer, "bitmap-6")).containsExactly(kib(0, 32));
      assertThat(ranges(layer, "bitmap-7")).isEmpty();
    }
    assertClean();
  }

  @Test
  void takesBitsOfAnotherImageAndTellsTheSizeOfAll() throws IOException {
    MemoryStorage other = image(Qcow2CreateOptions.ofSize(SIZE).withClusterBits(12));
    try (Qcow2Layer layer = open(storage);
        Qcow2Layer target = open(other)) {
      layer.bitmaps().add("on", 512, true);
      layer.bitmaps().add("off", 64 * K, false);
      fill(layer, 512, 512, 1);
      target.bitmaps().add("off", 64 * K, false);
      target.bitmaps().add("on", 512, true, 0);
      target.bitmaps().merge("on", layer.bitmaps(), "on");
      assertThat(target.bitmaps().list())
          .containsExactly(state("on", 512, true), state("off", 64 * K, false));
      assertThat(ranges(target, "on")).containsExactly(new DirtyRange(512, 512));
      assertThat(layer.bitmaps().supported()).isTrue();
      assertThat(layer.bitmaps().sizeIn(64 * K)).isEqualTo(5L * 64 * K);
      assertThat(layer.bitmaps().sizeIn(512)).isEqualTo(1024 + 512 + 512 + 512 + 512);
    }
  }
}
