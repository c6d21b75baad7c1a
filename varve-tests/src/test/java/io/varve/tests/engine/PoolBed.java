// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.catalog.SqliteCatalog;
import io.varve.engine.DiskAddress;
import io.varve.engine.DiskSession;
import io.varve.engine.EngineConfig;
import io.varve.engine.Varve;
import io.varve.engine.VarveException;
import io.varve.engine.catalog.Catalog;
import io.varve.engine.catalog.MemoryCatalog;
import io.varve.engine.model.DeletePreview;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.JobState;
import io.varve.engine.model.JobView;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.RescanReport;
import io.varve.engine.model.SnapshotKindChoice;
import io.varve.engine.model.SnapshotView;
import io.varve.image.LayerFormat;
import io.varve.image.qcow2.Qcow2Info;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.testkit.GuestReader;
import io.varve.testkit.QemuTools;
import io.varve.testkit.ReferenceDisk;
import io.varve.testkit.Stamp;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A real engine with one pool in temporary folders, which takes the steps of a history.
final class PoolBed implements PoolModel.Seen, AutoCloseable {
  static final String POOL = "p";
  private static final int PIECE = 1 << 20;
  private static final int PAGE = 4096;

  private final Path root;
  private final boolean virtual;
  private final InstantSource clock;
  private final Supplier<Catalog> catalogs;
  private Catalog catalog;
  private Varve varve;
  private Path place;
  private int moves;
  private String takenForClone = "";

  /// An engine whose catalog is a file.
  ///
  /// @param root outlives this; a pool that is there is used again
  static PoolBed onDisk(Path root, boolean virtual, InstantSource clock) throws IOException {
    Path file = Files.createDirectories(root.resolve("home")).resolve("catalog.db");
    return new PoolBed(root, virtual, clock, () -> SqliteCatalog.open(file));
  }

  /// An engine whose catalog lasts as long as this does.
  static PoolBed inMemory(Path root, boolean virtual, InstantSource clock) throws IOException {
    return new PoolBed(root, virtual, clock, MemoryCatalog::new);
  }

  private PoolBed(Path root, boolean virtual, InstantSource clock, Supplier<Catalog> catalogs)
      throws IOException {
    this.root = root;
    this.virtual = virtual;
    this.clock = clock;
    this.catalogs = catalogs;
    this.place = root.resolve("pool");
    Files.createDirectories(root.resolve("home"));
    this.catalog = catalogs.get();
    this.varve = start();
    if (varve.pools().list().isEmpty()) {
      makePool();
    }
  }

  private Varve start() {
    return Varve.open(EngineConfig.of(root.resolve("home"), catalog).withClock(clock));
  }

  private void makePool() throws IOException {
    if (!virtual) {
      Files.createDirectories(place);
    }
    varve.pools().create(virtual ? PoolSpec.virtual(POOL, place) : PoolSpec.external(POOL, place));
  }

  Varve varve() {
    return varve;
  }

  /// A folder for what tests put beside the pool.
  Path root() {
    return root;
  }

  Path place() {
    return place;
  }

  static DiskAddress at(String disk) {
    return DiskAddress.disk(POOL, disk);
  }

  static DiskAddress at(String disk, @Nullable String snapshot) {
    return snapshot == null ? at(disk) : at(disk).at(snapshot);
  }

  /// Takes a step.
  ///
  /// @return false if the disk is one of those that cannot take it
  boolean apply(PoolOp op) throws IOException {
    switch (op) {
      case PoolOp.OnDisk verb -> {
        boolean taken = onDisk(verb);
        runJobs();
        return taken;
      }
      case PoolOp.Collect() -> varve.pools().collect(POOL);
      case PoolOp.Reopen() -> reopen();
      case PoolOp.LoseCatalog() -> loseCatalog();
      case PoolOp.MovePool() -> movePool();
    }
    return true;
  }

  private boolean onDisk(PoolOp.OnDisk op) throws IOException {
    switch (op) {
      case PoolOp.Create(String disk, long size, int cluster, boolean extended, int version) ->
          varve
              .disks()
              .create(
                  POOL,
                  disk,
                  DiskSpec.of(size)
                      .withClusterSize(cluster)
                      .withExtendedL2(extended)
                      .withVersion(version));
      case PoolOp.Import(String disk, long size, long number) ->
          varve.disks().importImage(POOL, disk, raw(size, number), LayerFormat.RAW);
      case PoolOp.Register register -> register(register);
      case PoolOp.Write(String disk, long at, int length, long number) -> {
        byte[] data = new byte[length];
        Stamp.data(at, length, number).get(data);
        varve.data().write(at(disk), at, new ByteArrayInputStream(data), length);
      }
      case PoolOp.Zero(String disk, long at, long length) ->
          varve.data().zero(at(disk), at, length);
      case PoolOp.Discard(String disk, long at, long length) ->
          varve.data().discard(at(disk), at, length);
      case PoolOp.Resize resize -> {
        return resize(resize);
      }
      case PoolOp.DeleteDisk(String disk) -> varve.disks().delete(at(disk), true);
      default -> onTree(op);
    }
    return true;
  }

  private void onTree(PoolOp.OnDisk op) throws IOException {
    switch (op) {
      case PoolOp.Snapshot(String disk, String name) ->
          varve.snapshots().create(at(disk), name, SnapshotKindChoice.AUTO);
      case PoolOp.Revert(String disk, String name, String keepAs) ->
          varve.snapshots().revert(at(disk, name), keepAs);
      case PoolOp.DeleteSnapshot(String disk, String name) -> delete(disk, name);
      case PoolOp.FastClone(String disk, String snapshot, String made) -> {
        String from = varve.clones().fast(at(disk, snapshot), made).snapshot();
        takenForClone = from.substring(from.indexOf('@') + 1);
      }
      case PoolOp.FullClone(String disk, String snapshot, String made) ->
          varve.clones().full(at(disk, snapshot), made, null);
      case PoolOp.Qemu(String disk, String flag, String name) ->
          QemuTools.require().snapshot(file(disk), flag, name);
      default -> throw new AssertionError(op);
    }
  }

  /// Does what verbs leave to jobs; each must come to its end.
  List<JobView> runJobs() {
    List<JobView> jobs = varve.jobs().runAll(POOL);
    assertThat(jobs).as("jobs").allMatch(job -> job.state() == JobState.DONE);
    return jobs;
  }

  /// The preview's figures are what happens.
  private void delete(String disk, String name) throws IOException {
    List<DiskAddress> snapshot = List.of(at(disk, name));
    if (!virtual) {
      varve.snapshots().delete(snapshot);
      return;
    }
    DeletePreview preview = varve.snapshots().preview(snapshot);
    boolean whole = clustersAreWholePages();
    long before = allocatedBytes();
    varve.snapshots().delete(snapshot);
    List<JobView> jobs = runJobs();
    assertThat(jobs.stream().mapToLong(JobView::doneBytes).sum())
        .as("bytes moved for %s@%s, by %s", disk, name, preview)
        .isEqualTo(preview.movedBytes());
    if (whole) {
      assertThat(before - allocatedBytes())
          .as("bytes freed for %s@%s, by %s", disk, name, preview)
          .isBetween(
              preview.freedBytes() - 4L * PAGE * preview.steps().size(), preview.freedBytes());
    }
  }

  private long allocatedBytes() throws IOException {
    long bytes = 0;
    try (Stream<Path> files = Files.list(place.resolve("layers"))) {
      for (Path file : files.toList()) {
        try (FileStorage storage = FileStorage.open(file, FileAccess.READ_ONLY, LockMode.NONE)) {
          bytes += storage.allocatedBytes();
        }
      }
    }
    return bytes;
  }

  /// Of smaller clusters a page of the host holds several.
  private boolean clustersAreWholePages() throws IOException {
    try (Stream<Path> files = Files.list(place.resolve("layers"))) {
      for (Path file : files.toList()) {
        try (Qcow2Layer layer =
            Qcow2Layer.open(
                FileStorage.open(file, FileAccess.READ_ONLY, LockMode.NONE),
                Qcow2Options.readOnly())) {
          if (layer.clusterSize() < PAGE) {
            return false;
          }
        }
      }
    }
    return true;
  }

  private Path raw(long size, long number) throws IOException {
    Path raw = root.resolve("elsewhere.raw");
    Files.deleteIfExists(raw);
    Contents.random(size, number).save(raw);
    return raw;
  }

  private void register(PoolOp.Register op) throws IOException {
    Path raw = raw(op.size(), op.number());
    Path image = place.resolve(op.disk() + ".qcow2");
    String[] convert = {
      "convert", "-q", "-f", "raw", "-O", "qcow2", "-o", op.options(), raw.toString()
    };
    String[] command = java.util.Arrays.copyOf(convert, convert.length + 1);
    command[convert.length] = image.toString();
    QemuTools.require().img(command).ok();
    varve.disks().register(POOL, op.disk(), image);
  }

  /// A version 2 image does not keep the size of a compute snapshot, so it cannot be resized once
  /// it has one.
  private boolean resize(PoolOp.Resize op) throws IOException {
    Qcow2Info info = info(op.disk());
    try {
      varve.disks().resize(at(op.disk()), op.size(), true);
      return true;
    } catch (VarveException e) {
      if (info.version() == 2 && info.snapshots() > 0) {
        return false;
      }
      throw e;
    }
  }

  private Qcow2Info info(String disk) throws IOException {
    FileStorage storage = FileStorage.open(file(disk), FileAccess.READ_ONLY, LockMode.FORCE_SHARE);
    try (Qcow2Layer layer = Qcow2Layer.open(storage, Qcow2Options.readOnly())) {
      return layer.info();
    }
  }

  /// What a VM would open.
  Path file(String disk) {
    return varve.disks().show(at(disk)).file();
  }

  private void reopen() {
    varve.close();
    if (!(catalog instanceof MemoryCatalog)) {
      catalog = catalogs.get();
    }
    varve = start();
  }

  private void loseCatalog() throws IOException {
    varve.close();
    for (String name : List.of("catalog.db", "catalog.db-wal", "catalog.db-shm")) {
      Files.deleteIfExists(root.resolve("home").resolve(name));
    }
    catalog = catalogs.get();
    varve = start();
    if (!virtual) {
      makePool();
    }
    rescan();
  }

  private void movePool() throws IOException {
    place = Files.move(place, root.resolve("pool" + ++moves));
    rescan();
  }

  /// Rebuilds the catalog's view of the pool from its files, which must fit.
  void rescan() {
    RescanReport report = virtual ? varve.pools().rescan(place) : varve.pools().rescan(POOL);
    assertThat(report.findings()).as("findings of the rescan").isEmpty();
  }

  /// All that a disk or a snapshot holds.
  ReferenceDisk read(String disk, @Nullable String snapshot) {
    try (DiskSession session = varve.data().open(at(disk, snapshot), false)) {
      ReferenceDisk all = new ReferenceDisk(session.size());
      for (long at = 0; at < all.size(); at += PIECE) {
        ByteBuffer piece = ByteBuffer.allocate((int) Math.min(PIECE, all.size() - at));
        session.read(at, piece);
        all.write(at, piece.flip());
      }
      return all;
    }
  }

  @Override
  public GuestReader reader(String disk) {
    return read(disk, null);
  }

  /// Whole clusters, except in version 2 above a base, where a discard cannot be written down.
  @Override
  public long[] mustBeZero(PoolOp.Discard op) throws IOException {
    Qcow2Info info = info(op.disk());
    long cluster = info.clusterSize();
    boolean expressible = info.version() == 3 || info.backing().isEmpty();
    long from = Math.ceilDiv(op.at(), cluster) * cluster;
    return new long[] {from, expressible ? (op.at() + op.length()) / cluster * cluster : from};
  }

  @Override
  public String takenFor(PoolOp.FastClone op) {
    return takenForClone;
  }

  /// The same for a step whose end nobody saw: the newest automatic snapshot of the disk, or "".
  String lastAutomatic(String disk) {
    return varve.snapshots().list(at(disk)).stream()
        .filter(SnapshotView::automatic)
        .map(SnapshotView::name)
        .reduce("", (_, later) -> later);
  }

  @Override
  public void close() {
    varve.close();
  }
}
