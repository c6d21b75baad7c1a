// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.AlreadyExistsException;
import io.varve.engine.InvalidRequestException;
import io.varve.engine.Names;
import io.varve.engine.NotFoundException;
import io.varve.engine.Pools;
import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.JobRow;
import io.varve.engine.catalog.MemberRow;
import io.varve.engine.catalog.PoolRow;
import io.varve.engine.model.CollectOutcome;
import io.varve.engine.model.JobState;
import io.varve.engine.model.NodeRole;
import io.varve.engine.model.PoolKind;
import io.varve.engine.model.PoolSpec;
import io.varve.engine.model.PoolView;
import io.varve.engine.model.QuorumProfile;
import io.varve.engine.model.RescanReport;
import io.varve.image.storage.Directories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// The verbs on pools.
final class PoolsImpl implements Pools {
  private final Parts parts;
  private final PoolViews views;
  private final Rescan rescan;

  PoolsImpl(Parts parts) {
    this.parts = parts;
    this.views = new PoolViews(parts.context());
    this.rescan = new Rescan(parts);
  }

  @Override
  public PoolView create(PoolSpec spec) {
    Names.check("pool", spec.name());
    return Problems.guard(() -> {
      Path path = spec.path().toAbsolutePath().normalize();
      requireFree(spec.name(), path);
      UUID id = parts.context().newId();
      if (spec.kind() == PoolKind.VIRTUAL) {
        makeFolder(path);
      } else if (!Files.exists(path)) {
        throw new NotFoundException(
            ProblemCode.FILE_NOT_FOUND,
            "there is no folder or block device " + path,
            "External storage is a place that exists: mount or attach it first.");
      }
      PoolRow row = new PoolRow(id, spec.name(), real(path), spec.kind(), spec.profile(), 0);
      if (spec.kind() == PoolKind.VIRTUAL) {
        new PoolFile(id, spec.name()).write(path);
      }
      parts.context().write(tx -> tx.insert(row));
      return views.view(row, true);
    });
  }

  private static String real(Path path) throws IOException {
    return path.toRealPath().toString();
  }

  private void requireFree(String name, Path path) throws IOException {
    String real = Files.exists(path) ? real(path) : path.toString();
    List<PoolRow> pools = parts.context().read(tx -> tx.pools());
    for (PoolRow pool : pools) {
      if (pool.name().equals(name)) {
        throw new AlreadyExistsException(
            ProblemCode.POOL_EXISTS,
            "a pool '" + name + "' exists already, at " + pool.path(),
            "Choose another name.");
      }
      if (pool.path().equals(real)) {
        throw new AlreadyExistsException(
            ProblemCode.POOL_EXISTS, real + " is pool '" + pool.name() + "' already", "");
      }
    }
    if (PoolFile.isIn(path)) {
      throw new AlreadyExistsException(
          ProblemCode.POOL_EXISTS,
          path + " is a pool already ('" + PoolFile.read(path).name() + "')",
          "Bring it into the catalog with a rescan of the folder.");
    }
  }

  private static void makeFolder(Path path) throws IOException {
    if (Files.exists(path) && !Files.isDirectory(path)) {
      throw new InvalidRequestException(
          ProblemCode.INVALID_REQUEST,
          path + " is not a folder",
          "A pool on virtual storage is a folder; a block device makes an external pool.");
    }
    Files.createDirectories(path.resolve(PoolSite.LAYERS));
    Directories.flush(path);
  }

  @Override
  public List<PoolView> list() {
    return Problems.guard(() -> {
      List<PoolView> all = new ArrayList<>();
      List<PoolRow> rows = parts.context().read(tx -> tx.pools());
      for (PoolRow row : rows) {
        all.add(views.view(row, false));
      }
      return all;
    });
  }

  @Override
  public PoolView show(String name) {
    return Problems.guard(() -> views.view(parts.resolver().pool(name).row(), true));
  }

  @Override
  public PoolView addHost(String pool, String host) {
    return addMember(pool, host, MemberRow.Role.HOST);
  }

  @Override
  public PoolView removeHost(String pool, String host) {
    return removeMember(pool, host, MemberRow.Role.HOST);
  }

  @Override
  public PoolView addWitness(String pool, String witness) {
    return addMember(pool, witness, MemberRow.Role.WITNESS);
  }

  @Override
  public PoolView removeWitness(String pool, String witness) {
    return removeMember(pool, witness, MemberRow.Role.WITNESS);
  }

  private PoolView addMember(String pool, String name, MemberRow.Role role) {
    Names.check(role == MemberRow.Role.HOST ? "host" : "witness", name);
    return change(
        pool,
        (tx, row) -> {
          requireOneVote(tx.members(row.id()), name, role);
          tx.addMember(new MemberRow(row.id(), name, role));
        });
  }

  /// A machine that is host and witness at once would vote twice.
  private static void requireOneVote(List<MemberRow> members, String name, MemberRow.Role role) {
    boolean other = members.stream().anyMatch(m -> m.name().equals(name) && m.role() != role);
    if (other) {
      throw new AlreadyExistsException(
          ProblemCode.INVALID_REQUEST,
          "'" + name + "' is a member already, in the other role, and would vote twice",
          "Name another machine, or remove this one from its other role first.");
    }
  }

  private PoolView removeMember(String pool, String name, MemberRow.Role role) {
    return change(
        pool,
        (tx, row) -> {
          if (!tx.removeMember(new MemberRow(row.id(), name, role))) {
            throw new NotFoundException(
                ProblemCode.INVALID_REQUEST,
                "pool '"
                    + pool
                    + "' has no "
                    + (role == MemberRow.Role.HOST ? "host" : "witness")
                    + " '"
                    + name
                    + "'",
                "Show the pool to see its members.");
          }
        });
  }

  @Override
  public PoolView setProfile(String pool, QuorumProfile profile) {
    return change(pool, (tx, row) -> tx.update(row.withProfile(profile)));
  }

  private PoolView change(String pool, BiConsumer<CatalogTx, PoolRow> change) {
    return Problems.guard(() -> {
      Consumer<CatalogTx> work =
          tx -> change.accept(tx, tx.pool(pool).orElseThrow(() -> Resolver.noPool(pool)));
      parts.context().write(work);
      return views.view(parts.resolver().pool(pool).row(), false);
    });
  }

  @Override
  public RescanReport rescan(String pool) {
    return Problems.guard(() -> rescan.run(parts.resolver().pool(pool)));
  }

  @Override
  public RescanReport rescan(Path folder) {
    return Problems.guard(() -> rescan.folder(folder));
  }

  @Override
  public CollectOutcome collect(String pool) {
    return Problems.guard(() -> {
      PoolSite site = parts.resolver().pool(pool);
      site.requirePresent();
      parts.journal().recoverUnborn(site);
      CollectOutcome all = new CollectOutcome(0, 0, 0, 0, List.of());
      for (UUID family : families(site)) {
        all = sum(all, collect(site, family));
      }
      return all;
    });
  }

  private CollectOutcome collect(PoolSite site, UUID family) throws IOException {
    Reaper.Collected now;
    try (PoolLocks.Held _ = parts.context().locks().exclusive(site, family)) {
      parts.journal().recover(site, family);
      now = parts.reaper().collect(site, family, true);
    }
    long freed = now.freedBytes();
    long moved = 0;
    List<String> notes = new ArrayList<>(now.notes());
    for (UUID job : now.jobs()) {
      JobRow row = parts.jobs().run(job, false);
      freed += row.freedBytes();
      moved += row.doneBytes();
      if (row.state() != JobState.DONE) {
        notes.add("%s is left to a job: %s".formatted(row.subject(), reason(row)));
      }
    }
    int kept = countRetired(family);
    return new CollectOutcome(now.removed() + now.kept() - kept, freed, moved, kept, notes);
  }

  private static String reason(JobRow row) {
    String reason = row.reason();
    return reason == null ? "it is " + row.state().name().toLowerCase(Locale.ROOT) : reason;
  }

  private int countRetired(UUID family) {
    return parts
        .context()
        .read(tx ->
            (int)
                tx.layersOfFamily(family).stream()
                    .filter(row -> row.role() == NodeRole.RETIRED)
                    .count());
  }

  private List<UUID> families(PoolSite site) {
    return parts
        .context()
        .read(tx ->
            tx.layersOfPool(site.row().id()).stream()
                .map(layer -> layer.family())
                .distinct()
                .toList());
  }

  private static CollectOutcome sum(CollectOutcome a, CollectOutcome b) {
    List<String> notes = new ArrayList<>(a.notes());
    notes.addAll(b.notes());
    return new CollectOutcome(
        a.removed() + b.removed(),
        a.freedBytes() + b.freedBytes(),
        a.movedBytes() + b.movedBytes(),
        a.kept() + b.kept(),
        notes);
  }

  @Override
  public void forget(String pool, boolean withDisks) {
    Problems.guard(() -> {
      PoolSite site = parts.resolver().pool(pool);
      try (PoolLocks.Held _ = lockIfThere(site)) {
        parts.context().write(tx -> forget(tx, site, withDisks));
      }
      return true;
    });
  }

  /// A pool whose place is gone can be forgotten too.
  private PoolLocks.Held lockIfThere(PoolSite site) throws IOException {
    return Files.isDirectory(site.folder())
        ? parts.context().locks().wholePool(site)
        : PoolLocks.nothing();
  }

  private static void forget(CatalogTx tx, PoolSite site, boolean withDisks) {
    List<DiskRow> disks = tx.disksOfPool(site.row().id());
    if (!disks.isEmpty() && !withDisks) {
      throw new RefusedException(
          ProblemCode.POOL_NOT_EMPTY,
          "pool '" + site.row().name() + "' has " + disks.size() + " disks",
          "Delete them, or say that they are to be forgotten too; their files stay.");
    }
    tx.deletePool(site.row().id());
  }
}
