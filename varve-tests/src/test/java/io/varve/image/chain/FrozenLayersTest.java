// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.image.BackingChainException;
import io.varve.image.BackingReference;
import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerFormat;
import io.varve.image.chain.map.FrozenLayer;
import io.varve.image.chain.map.FrozenMap;
import io.varve.image.chain.map.MapPage;
import io.varve.image.chain.map.PageBuilder;
import io.varve.image.chain.map.PageSource;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileState;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.testkit.OpenHandles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Layers that are opened when they are needed, closed when idle, and looked at again.
class FrozenLayersTest {
  private static final int CLUSTER = 64 << 10;
  private static final int DEPTH = 12;
  private static final long SIZE = (long) DEPTH * CLUSTER;

  @TempDir Path folder;
  private final OpenHandles handles = new OpenHandles();

  /// Layer n of the files, the base 0, holds cluster n, filled with n + 1.
  @BeforeEach
  void makeChain() throws IOException {
    for (int n = 0; n < DEPTH; n++) {
      make(file(n), n == 0 ? null : file(n - 1));
      fill(file(n), n, n + 1);
    }
  }

  private Path file(int n) {
    return folder.resolve("layer" + n + ".qcow2");
  }

  private static void make(Path file, @Nullable Path base) throws IOException {
    BackingReference backing =
        base == null ? null : new BackingReference(base.getFileName().toString(), "qcow2");
    try (FileStorage storage = FileStorage.create(file, LockMode.NONE)) {
      Qcow2Create.create(storage, Qcow2CreateOptions.ofSize(SIZE).withBacking(backing));
    }
  }

  private static void fill(Path file, int cluster, int value) throws IOException {
    FileStorage storage = FileStorage.open(file, FileAccess.READ_WRITE, LockMode.NONE);
    try (Qcow2Layer layer = Qcow2Layer.open(storage, Qcow2Options.readWrite())) {
      byte[] bytes = new byte[CLUSTER];
      Arrays.fill(bytes, (byte) value);
      layer.write(GuestOffset.of((long) cluster * CLUSTER), ByteBuffer.wrap(bytes), Below.NOTHING);
    }
  }

  private ChainOptions options() {
    return ChainOptions.readOnly(OpenGate.confinedTo(List.of(folder))).withWrap(handles::track);
  }

  private Chain open(ChainOptions options) throws IOException {
    return Chain.open(file(DEPTH - 1), LayerFormat.QCOW2, options);
  }

  private static int read(Chain chain, int cluster) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(4096);
    chain.read(GuestOffset.of((long) cluster * CLUSTER + 8192), bytes);
    for (byte each : bytes.array()) {
      assertThat(each).isEqualTo(bytes.get(0));
    }
    return bytes.get(0);
  }

  private static void assertReads(Chain chain) throws IOException {
    for (int n = 0; n < DEPTH; n++) {
      assertThat(read(chain, n)).as("cluster %d", n).isEqualTo(n + 1);
    }
  }

  @Test
  void noMoreLayersAreOpenThanAllowed() throws IOException {
    try (Chain chain = open(options().withOpenLayers(4))) {
      for (int round = 0; round < 3; round++) {
        for (int n = 0; n < DEPTH; n++) {
          assertThat(read(chain, n)).isEqualTo(n + 1);
          assertThat(handles.names()).hasSizeLessThanOrEqualTo(5);
        }
      }
    }
    handles.assertNoneOpen();
  }

  @Test
  void askingForAllLayersOpensThemAndKeepsThemOpen() throws IOException {
    try (Chain chain = open(options().withOpenLayers(4))) {
      assertThat(chain.depth()).isEqualTo(DEPTH);
      List<Layer> layers = chain.layers();
      assertThat(layers).hasSize(DEPTH);
      assertReads(chain);
      assertThat(handles.names()).hasSize(DEPTH);
      assertThat(chain.layers()).isEqualTo(layers);
    }
    handles.assertNoneOpen();
  }

  @Test
  void aLayerThatHasVanishedIsAnErrorThatNamesIt() throws IOException {
    try (Chain chain = open(options().withOpenLayers(4))) {
      assertReads(chain);
      Path gone = file(closedOne());
      Files.delete(gone);
      assertThatThrownBy(() -> assertReads(chain))
          .isInstanceOf(BackingChainException.class)
          .hasMessageContaining(gone + " is missing");
    }
  }

  /// A layer of the chain that is not open now.
  private int closedOne() {
    for (int n = 0; n < DEPTH; n++) {
      if (!handles.names().contains(file(n).toString())) {
        return n;
      }
    }
    throw new AssertionError("all are open");
  }

  @Test
  void anotherFileInTheLayersPlaceIsAnErrorThatNamesIt() throws IOException {
    try (Chain chain = open(options().withOpenLayers(4))) {
      assertReads(chain);
      Path replaced = file(closedOne());
      Path copy = Files.copy(replaced, folder.resolve("copy"));
      Files.move(copy, replaced, StandardCopyOption.REPLACE_EXISTING);
      assertThatThrownBy(() -> assertReads(chain))
          .isInstanceOf(BackingChainException.class)
          .hasMessageContaining(replaced + " was replaced");
    }
  }

  @Test
  void whatAnotherProgramWroteMeanwhileIsReadAndTheMapMadeAnew() throws IOException {
    try (Chain chain = open(options().withOpenLayers(4))) {
      assertReads(chain);
      int n = closedOne();
      fill(file(n), n, 99);
      assertThat(read(chain, n)).isEqualTo(99);
      for (int other = 0; other < DEPTH; other++) {
        assertThat(read(chain, other)).isEqualTo(other == n ? 99 : other + 1);
      }
    }
  }

  /// Who knows the chain from elsewhere.
  private FrozenMap known(@Nullable MapPage page) throws IOException {
    List<FrozenLayer> rootFirst = new ArrayList<>();
    for (int n = 0; n < DEPTH - 1; n++) {
      BackingReference named = new BackingReference(file(n).getFileName().toString(), "qcow2");
      rootFirst.add(
          new FrozenLayer(file(n), LayerFormat.QCOW2, named, SIZE, FileState.of(file(n))));
    }
    PageSource pages =
        new PageSource() {
          @Override
          public @Nullable MapPage load(long index) {
            return index == 0 ? page : null;
          }

          @Override
          public void close() {}
        };
    return new FrozenMap(rootFirst, 16, pages);
  }

  private MapPage page() throws IOException {
    PageBuilder builder = new PageBuilder(0, 16, DEPTH - 2);
    for (int n = DEPTH - 2; n >= 0; n--) {
      FileStorage storage = FileStorage.open(file(n), FileAccess.READ_ONLY, LockMode.NONE);
      try (Qcow2Layer layer = Qcow2Layer.open(storage, Qcow2Options.readOnly())) {
        builder.lay(layer, n);
      }
    }
    return builder.build();
  }

  @Test
  void aChainThatSomebodyKnowsOpensTheLayersThatAnswer() throws IOException {
    MapPage page = page();
    try (Chain chain = open(options().withFrozenSource((_, _) -> known(page)))) {
      assertThat(chain.depth()).isEqualTo(DEPTH);
      assertThat(handles.names()).hasSize(1);
      assertThat(read(chain, 3)).isEqualTo(4);
      assertThat(handles.names())
          .containsExactlyInAnyOrder(file(DEPTH - 1).toString(), file(3).toString());
      assertReads(chain);
    }
    handles.assertNoneOpen();
  }

  @Test
  void pagesThatNobodyKeptAreFoundByAskingTheLayers() throws IOException {
    try (Chain chain = open(options().withFrozenSource((_, _) -> known(null)))) {
      assertReads(chain);
    }
  }

  @Test
  void aKeptPageIsNotBelievedOnceALayerWasChangedBehindItsBack() throws IOException {
    MapPage page = page();
    FrozenMap stale = known(page);
    fill(file(4), 4, 77);
    try (Chain chain = open(options().withFrozenSource((_, _) -> stale))) {
      assertThat(read(chain, 4)).isEqualTo(77);
      assertThat(read(chain, 5)).isEqualTo(6);
    }
  }

  @Test
  void aDeepChainBehindAnOverlayTakesWritesAndKeepsTheLayersAsTheyAre() throws IOException {
    Path overlay = folder.resolve("overlay.qcow2");
    make(overlay, file(DEPTH - 1));
    try (Chain chain =
        Chain.open(overlay, LayerFormat.QCOW2, options().withWritable(true).withOpenLayers(4))) {
      chain.write(GuestOffset.of(3L * CLUSTER + 100), ByteBuffer.wrap(new byte[] {42}));
      ByteBuffer around = ByteBuffer.allocate(3);
      chain.read(GuestOffset.of(3L * CLUSTER + 99), around);
      assertThat(around.array()).containsExactly(4, 42, 4);
      assertReads(chain);
    }
    try (Chain chain = open(options())) {
      assertReads(chain);
    }
  }
}
