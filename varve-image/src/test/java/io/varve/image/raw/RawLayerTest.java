// SPDX-License-Identifier: Apache-2.0
package io.varve.image.raw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.Below;
import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.LayerExtent;
import io.varve.image.LayerFormat;
import io.varve.image.ReadOnlyImageException;
import io.varve.image.UnsupportedImageException;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.storage.MemoryStorage;
import io.varve.image.storage.NoSpaceException;
import io.varve.image.storage.StorageCapabilities;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class RawLayerTest {
  private static final StorageCapabilities DEVICE =
      new StorageCapabilities(false, false, true, false);

  @Test
  void roundsItsSizeUpToASectorAndReadsZerosThere() throws IOException {
    byte[] data = new byte[1000];
    Arrays.fill(data, (byte) 7);
    RawLayer layer = RawLayer.open(MemoryStorage.holding("image", data), false);

    assertThat(layer.size()).isEqualTo(1024);
    ByteBuffer all = ByteBuffer.allocate(1024);
    assertThat(layer.readHeld(GuestOffset.ZERO, all)).isEqualTo(1024);
    assertThat(Arrays.copyOf(all.array(), 1000)).isEqualTo(data);
    assertThat(Arrays.copyOfRange(all.array(), 1000, 1024)).containsOnly(0);
    assertThat(layer.format()).isEqualTo(LayerFormat.RAW);
    assertThat(layer.backing()).isEmpty();
  }

  @Test
  void tellsDataFromHoles() throws IOException {
    MemoryStorage storage = new MemoryStorage("image");
    storage.write(8192, filled(4096));
    storage.truncate(20_480);
    RawLayer layer = RawLayer.open(storage, true);

    assertThat(layer.lookup(GuestOffset.ZERO, 1 << 20)).isEqualTo(zero(0, 8192));
    assertThat(layer.lookup(GuestOffset.of(100), 50)).isEqualTo(zero(100, 50));
    assertThat(layer.lookup(GuestOffset.of(8192), 1 << 20)).isEqualTo(data(8192, 4096));
    assertThat(layer.lookup(GuestOffset.of(9000), 10)).isEqualTo(data(9000, 10));
    assertThat(layer.lookup(GuestOffset.of(12_288), 1 << 20)).isEqualTo(zero(12_288, 8192));
    assertThatThrownBy(() -> layer.lookup(GuestOffset.of(20_480), 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void writesZeroesAndDiscards() throws IOException {
    MemoryStorage storage = new MemoryStorage("image");
    storage.truncate(1 << 20);
    RawLayer layer = RawLayer.open(storage, true);
    layer.write(GuestOffset.of(4096), filled(12_288), Below.NOTHING);
    layer.zero(GuestOffset.of(4096), 4096, ZeroMode.UNMAP, Below.NOTHING);
    layer.zero(GuestOffset.of(8192), 100, ZeroMode.KEEP, Below.NOTHING);
    layer.discard(GuestOffset.of(12_288), 4096, Below.NOTHING);
    layer.flush();

    assertThat(storage.allocatedBytes()).isEqualTo(4096);
    assertThat(layer.lookup(GuestOffset.ZERO, 1 << 20)).isEqualTo(zero(0, 8192));
    ByteBuffer page = ByteBuffer.allocate(4096);
    layer.readHeld(GuestOffset.of(8192), page);
    assertThat(Arrays.copyOf(page.array(), 100)).containsOnly(0);
    assertThat(Arrays.copyOfRange(page.array(), 100, 4096)).containsOnly(7);
    assertThat(layer.size()).isEqualTo(1 << 20);
  }

  @Test
  void zeroesAlsoWhereTheStoreCannotPunch() throws IOException {
    RawLayer layer =
        RawLayer.open(new MemoryStorage("device", DEVICE, 1 << 20, Long.MAX_VALUE), true);
    layer.write(GuestOffset.ZERO, filled(8192), Below.NOTHING);
    layer.discard(GuestOffset.of(0), 4096, Below.NOTHING);
    ByteBuffer all = ByteBuffer.allocate(8192);
    layer.readHeld(GuestOffset.ZERO, all);

    assertThat(Arrays.copyOf(all.array(), 4096)).containsOnly(0);
    assertThat(Arrays.copyOfRange(all.array(), 4096, 8192)).containsOnly(7);
  }

  @Test
  void growsWithZerosAndShrinks() throws IOException {
    MemoryStorage storage = MemoryStorage.holding("image", filled(8192).array());
    RawLayer layer = RawLayer.open(storage, true);
    layer.resize(4096, Below.NOTHING);
    assertThatThrownBy(() -> layer.readHeld(GuestOffset.of(4096), ByteBuffer.allocate(1)))
        .isInstanceOf(IllegalArgumentException.class);
    layer.resize(8192, Below.NOTHING);

    ByteBuffer half = ByteBuffer.allocate(4096);
    layer.readHeld(GuestOffset.of(4096), half);
    assertThat(half.array()).containsOnly(0);
  }

  @Test
  void aFileMayEndInsideTheLastSectorOfItsDisk() throws IOException {
    MemoryStorage storage = MemoryStorage.holding("image", filled(8192).array());
    RawLayer layer = RawLayer.open(storage, true);
    layer.resize(1000, Below.NOTHING);
    assertThat(storage.size()).isEqualTo(1000);
    assertThat(layer.size()).isEqualTo(1024);
    assertThatThrownBy(() -> layer.resize(-1, Below.NOTHING))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void leavesTheSizeOfADeviceAlone() throws IOException {
    RawLayer layer =
        RawLayer.open(new MemoryStorage("device", DEVICE, 1 << 20, Long.MAX_VALUE), true);

    layer.resize(1 << 20, Below.NOTHING);
    assertThatThrownBy(() -> layer.resize(2 << 20, Below.NOTHING))
        .isInstanceOf(NoSpaceException.class);
    assertThatThrownBy(() -> layer.resize(512, Below.NOTHING))
        .isInstanceOf(UnsupportedImageException.class);
    assertThat(layer.size()).isEqualTo(1 << 20);
  }

  @Test
  void refusesChangesWhenReadOnly() throws IOException {
    MemoryStorage storage = MemoryStorage.holding("image", new byte[1024]);
    RawLayer layer = RawLayer.open(storage, false);

    assertThatThrownBy(() -> layer.write(GuestOffset.ZERO, filled(1), Below.NOTHING))
        .isInstanceOf(ReadOnlyImageException.class)
        .hasMessageStartingWith("image: ");
    assertThatThrownBy(() -> layer.discard(GuestOffset.ZERO, 512, Below.NOTHING))
        .isInstanceOf(ReadOnlyImageException.class);
    assertThatThrownBy(() -> layer.resize(512, Below.NOTHING))
        .isInstanceOf(ReadOnlyImageException.class);
    assertThatThrownBy(() -> RawLayer.open(storage.reopen(true), true))
        .isInstanceOf(ReadOnlyImageException.class);
  }

  @Test
  void refusesWritesPastItsEnd() throws IOException {
    MemoryStorage storage = MemoryStorage.holding("image", new byte[1024]);
    RawLayer layer = RawLayer.open(storage, true);

    assertThatThrownBy(() -> layer.write(GuestOffset.of(1020), filled(5), Below.NOTHING))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(storage.size()).isEqualTo(1024);
  }

  @Test
  void closesItsStorage() throws IOException {
    MemoryStorage storage = new MemoryStorage("image");
    RawLayer layer = RawLayer.open(storage, true);
    layer.close();
    layer.close();

    assertThatThrownBy(storage::size).isInstanceOf(ClosedChannelException.class);
  }

  private static LayerExtent zero(long start, long length) {
    return new LayerExtent(start, length, ExtentKind.ZERO, start);
  }

  private static LayerExtent data(long start, long length) {
    return new LayerExtent(start, length, ExtentKind.DATA, start);
  }

  private static ByteBuffer filled(int length) {
    byte[] data = new byte[length];
    Arrays.fill(data, (byte) 7);
    return ByteBuffer.wrap(data);
  }
}
