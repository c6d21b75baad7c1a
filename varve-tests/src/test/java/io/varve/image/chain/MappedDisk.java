// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.BackingReference;
import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerExtent;
import io.varve.image.LayerFormat;
import io.varve.image.WritableLayer;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.op.CommitOp;
import io.varve.image.op.Progress;
import io.varve.image.op.PullOp;
import io.varve.image.op.Throttle;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.qcow2.compress.ClusterEncoder;
import io.varve.image.raw.RawLayer;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.testkit.Stamp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// A chain of files that is read through the map, and changed in every way that a chain can be
/// changed while it is open; beside it the oracle, which asks the layers one by one.
final class MappedDisk {
  private static final OpenGate ANY = OpenGate.anyPlainFile().withDataFilesFrom(Path.of("/"));

  final List<String> story = new ArrayList<>();
  final List<Path> files = new ArrayList<>();
  private final Path folder;
  private final RandomGenerator random;
  private final ChainOptions options;
  Chain chain;
  private int made;
  private long writes;

  MappedDisk(Path folder, RandomGenerator random) throws IOException {
    this.folder = folder;
    this.random = random;
    int open = random.nextInt(4, 9);
    long bytes = 4200L * random.nextInt(1, 6);
    story.add(open + " open layers, " + bytes + " bytes of map");
    this.options =
        ChainOptions.readWrite(ANY)
            .withBaseLock(LockMode.FORCE_SHARE)
            .withOpenLayers(open)
            .withMapBytes(bytes)
            .withMapFrom(1);
    if (random.nextInt(3) == 0) {
      rawBase();
    } else {
      create(null);
    }
    if (files.getFirst().toString().endsWith(".raw")) {
      create(files.getFirst());
    }
    this.chain = open();
  }

  private long size() {
    return random.nextLong(200, 12_000) * 512;
  }

  private void rawBase() throws IOException {
    Path file = folder.resolve("base" + ++made + ".raw");
    try (FileStorage raw = FileStorage.create(file, LockMode.NONE)) {
      raw.truncate(size());
      for (int i = 0; i < 8; i++) {
        long at = random.nextLong(raw.size() / 512) * 512;
        int length = (int) Math.min(random.nextInt(1, 200) * 512L, raw.size() - at);
        raw.write(at, Stamp.data(at, length, ++writes));
      }
    }
    files.addFirst(file);
    story.add("raw " + file.getFileName());
  }

  /// A new layer, of any layout and size, over `base`; it becomes the first of the files.
  private Path create(Path base) throws IOException {
    int bits = random.nextInt(3) == 0 ? random.nextInt(9, 19) : random.nextInt(12, 17);
    boolean extended = bits >= 14 && random.nextInt(3) == 0;
    boolean external = random.nextInt(6) == 0;
    long size = chain == null || random.nextInt(3) == 0 ? size() : chain.size();
    Path file = folder.resolve("layer" + ++made + ".qcow2");
    Path data = folder.resolve("layer" + made + ".data");
    Qcow2CreateOptions how =
        Qcow2CreateOptions.ofSize(size).withClusterBits(bits).withExtendedL2(extended);
    if (base != null) {
      how =
          how.withBacking(
              new BackingReference(
                  base.getFileName().toString(),
                  base.toString().endsWith(".raw") ? "raw" : "qcow2"));
    }
    try (FileStorage storage = FileStorage.create(file, LockMode.NONE)) {
      if (external) {
        try (FileStorage dataFile = FileStorage.create(data, LockMode.NONE)) {
          Qcow2Create.create(storage, dataFile, how.withDataFile(data.toString(), false));
        }
      } else {
        Qcow2Create.create(storage, how);
      }
    }
    files.addFirst(file);
    story.add(
        "%s: %d bits%s%s, %d bytes"
            .formatted(
                file.getFileName(),
                bits,
                extended ? " extended" : "",
                external ? " external" : "",
                size));
    return file;
  }

  private Chain open() throws IOException {
    return Chain.open(files.getFirst(), LayerFormat.QCOW2, options);
  }

  void step() throws IOException {
    switch (random.nextInt(12)) {
      case 0, 1 -> overlay();
      case 2 -> pullIntoNeighbour();
      case 3 -> commitIntoNeighbour();
      case 4 -> compressed();
      case 5 -> zeroOrDiscard();
      case 6 -> reopen();
      default -> write();
    }
  }

  private void reopen() throws IOException {
    story.add("reopen");
    chain.close();
    chain = open();
  }

  void overlay() throws IOException {
    chain.addOverlay(create(files.getFirst()));
    story.add("  lies on top");
  }

  private void write() throws IOException {
    long at = random.nextLong(chain.size());
    int length = (int) Math.min(random.nextInt(1, 100_000), chain.size() - at);
    story.add("write " + at + " + " + length);
    chain.write(GuestOffset.of(at), Stamp.data(at, length, ++writes));
  }

  private void zeroOrDiscard() throws IOException {
    long at = random.nextLong(chain.size());
    long length = Math.min(random.nextInt(1, 300_000), chain.size() - at);
    boolean discard = random.nextBoolean();
    story.add((discard ? "discard " : "zero ") + at + " + " + length);
    if (discard) {
      chain.discard(GuestOffset.of(at), length);
    } else {
      chain.zero(GuestOffset.of(at), length, random.nextBoolean() ? ZeroMode.KEEP : ZeroMode.UNMAP);
    }
  }

  /// A compressed cluster, where the active layer can have one.
  private void compressed() throws IOException {
    Qcow2Layer top = (Qcow2Layer) chain.top();
    if (top.mappedStorage() != top.storage()) {
      return;
    }
    int cluster = top.clusterSize();
    long at = random.nextLong(Math.ceilDiv(chain.size(), cluster)) * cluster;
    long whole = Math.min(cluster, chain.size() - at);
    LayerExtent held = top.lookup(GuestOffset.of(at), whole);
    if (held.kind() != ExtentKind.NONE || held.length() < whole) {
      return;
    }
    byte[] data = new byte[cluster];
    Stamp.compressible(cluster, ++writes).get(data);
    byte[] packed = new byte[cluster];
    try (ClusterEncoder encoder = top.newEncoder()) {
      int length = encoder.encode(data, packed);
      if (length > 0 && length < cluster) {
        story.add("compressed " + at);
        top.writeCompressed(GuestOffset.of(at), packed, length);
      }
    }
  }

  /// Merges a layer into the one above it, while the chain is open.
  private void pullIntoNeighbour() throws IOException {
    if (files.size() < 3) {
      return;
    }
    int gone = random.nextInt(1, files.size());
    Path into = files.get(gone - 1);
    story.add("pull " + files.get(gone).getFileName() + " into " + into.getFileName());
    byte[] before = all(chain);
    Path base = gone + 1 < files.size() ? files.get(gone + 1) : null;
    if (gone == 1) {
      PullOp.pull(chain, 1, Progress.NONE);
      setBacking((Qcow2Layer) chain.top(), base);
    } else {
      try (Chain upper = Chain.open(into, LayerFormat.QCOW2, options)) {
        PullOp.pull(upper, 1, Progress.NONE);
        setBacking((Qcow2Layer) upper.top(), base);
      }
    }
    replaced(gone, into, before);
  }

  /// Merges a layer into the one below it, while the chain is open.
  private void commitIntoNeighbour() throws IOException {
    if (files.size() < 3) {
      return;
    }
    int gone = random.nextInt(1, files.size() - 1);
    List<Layer> layers = new ArrayList<>();
    for (int i = gone; i < files.size(); i++) {
      layers.add(openAlone(files.get(i), i == gone + 1));
    }
    Path into = files.get(gone + 1);
    byte[] before = all(chain);
    try (Chain lower = Chain.of(layers)) {
      if (layers.get(0).size() < layers.get(1).size()) {
        return;
      }
      story.add("commit " + files.get(gone).getFileName() + " into " + into.getFileName());
      CommitOp.commit(lower, 1, Throttle.NONE, Progress.NONE);
    }
    if (gone == 1) {
      setBacking((Qcow2Layer) chain.top(), into);
    } else {
      try (Qcow2Layer above = (Qcow2Layer) openAlone(files.get(gone - 1), true)) {
        setBacking(above, into);
      }
    }
    replaced(gone, into, before);
  }

  private static Layer openAlone(Path file, boolean writable) throws IOException {
    FileAccess access = writable ? FileAccess.READ_WRITE : FileAccess.READ_ONLY;
    FileStorage storage = FileStorage.open(file, access, LockMode.NONE);
    if (file.toString().endsWith(".raw")) {
      return RawLayer.open(storage, writable);
    }
    Qcow2Options how = writable ? Qcow2Options.readWrite() : Qcow2Options.readOnly();
    return Qcow2Layer.open(
        storage,
        how.withDataFile((name, write) ->
            FileStorage.open(
                Path.of(name),
                write ? FileAccess.READ_WRITE : FileAccess.READ_ONLY,
                LockMode.NONE)));
  }

  private static void setBacking(Qcow2Layer layer, Path base) throws IOException {
    layer.setBacking(
        base == null
            ? null
            : new BackingReference(
                base.getFileName().toString(), base.toString().endsWith(".raw") ? "raw" : "qcow2"));
  }

  private void replaced(int gone, Path into, byte[] before) throws IOException {
    chain.layerReplaced(files.get(gone), into);
    Files.delete(files.remove(gone));
    assertThat(all(chain)).as("content after the merge").isEqualTo(before);
  }

  /// The map says what the layers say.
  void compare() throws IOException {
    if (chain.top() instanceof WritableLayer) {
      chain.flush();
    }
    ChainOptions walking =
        ChainOptions.readOnly(ANY)
            .withBaseLock(LockMode.FORCE_SHARE)
            .withMapFrom(Integer.MAX_VALUE);
    ChainOptions mapped =
        walking.withMapFrom(1).withOpenLayers(4).withMapBytes(random.nextInt(1, 30_000));
    try (Chain oracle = Chain.open(files.getFirst(), LayerFormat.QCOW2, walking);
        Chain readOnly = Chain.open(files.getFirst(), LayerFormat.QCOW2, mapped)) {
      compare(chain, oracle);
      compare(readOnly, oracle);
    }
  }

  private void compare(Chain found, Chain oracle) throws IOException {
    assertThat(found.depth()).isEqualTo(files.size()).isEqualTo(oracle.depth());
    assertThat(found.size()).isEqualTo(oracle.size());
    assertThat(extents(found)).isEqualTo(extents(oracle));
    for (int i = 0; i < 20; i++) {
      compareRange(found, oracle);
    }
    assertThat(all(found)).isEqualTo(all(oracle));
    if (random.nextInt(4) == 0) {
      assertThat(found.layers()).hasSameSizeAs(files);
    }
  }

  private void compareRange(Chain subject, Chain oracle) throws IOException {
    long at = random.nextLong(subject.size());
    int length = (int) Math.min(random.nextInt(1, 300_000), subject.size() - at);
    GuestOffset from = GuestOffset.of(at);
    ByteBuffer found = ByteBuffer.allocate(length);
    ByteBuffer expected = ByteBuffer.allocate(length);
    subject.read(from, found);
    oracle.read(from, expected);
    assertThat(found).as("%d + %d", at, length).isEqualTo(expected);
    assertThat(subject.readsAsZero(from, length)).isEqualTo(oracle.readsAsZero(from, length));
    assertThat(subject.below().knownAsZero(from, length))
        .isEqualTo(oracle.below().knownAsZero(from, length));
    int depth = random.nextInt(files.size() + 1);
    LayersBelow.from(subject, depth).read(from, found.clear());
    LayersBelow.from(oracle, depth).read(from, expected.clear());
    assertThat(found).as("from depth %d: %d + %d", depth, at, length).isEqualTo(expected);
  }

  private static byte[] all(Chain chain) throws IOException {
    byte[] bytes = new byte[(int) chain.size()];
    chain.read(GuestOffset.ZERO, ByteBuffer.wrap(bytes));
    return bytes;
  }

  /// What `where` says, neighbours that continue each other as one.
  private static List<String> extents(Chain chain) throws IOException {
    List<String> lines = new ArrayList<>();
    ChainExtent last = null;
    for (long at = 0; at < chain.size(); ) {
      ChainExtent next = chain.where(GuestOffset.of(at), chain.size() - at);
      assertThat(next.start()).isEqualTo(at);
      at = next.end();
      if (last != null && continues(last, next)) {
        last =
            new ChainExtent(
                last.start(),
                last.length() + next.length(),
                last.kind(),
                last.depth(),
                last.layer(),
                last.hostOffset());
        continue;
      }
      if (last != null) {
        lines.add(line(last));
      }
      last = next;
    }
    lines.add(line(last));
    return lines;
  }

  private static boolean continues(ChainExtent left, ChainExtent right) {
    if (left.kind() != right.kind() || left.depth() != right.depth()) {
      return false;
    }
    if (left.kind() == ExtentKind.COMPRESSED || left.hostOffset() < 0) {
      return left.hostOffset() == right.hostOffset();
    }
    return left.hostOffset() + left.length() == right.hostOffset();
  }

  private static String line(ChainExtent extent) {
    Layer layer = extent.layer();
    return "%d + %d: %s at depth %d, %s, host %d"
        .formatted(
            extent.start(),
            extent.length(),
            extent.kind(),
            extent.depth(),
            layer == null ? "nobody" : layer.name(),
            extent.hostOffset());
  }
}
