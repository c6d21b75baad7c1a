// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.AlreadyExistsException;
import io.varve.engine.DamagedException;
import io.varve.engine.DiskAddress;
import io.varve.engine.InvalidRequestException;
import io.varve.engine.Names;
import io.varve.engine.NotFoundException;
import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.ApplyOutcome;
import io.varve.engine.model.ApplySpec;
import io.varve.engine.policy.Verb;
import io.varve.image.chain.Chain;
import io.varve.image.diff.DiffApplier;
import io.varve.image.diff.DiffHeader;
import io.varve.image.diff.DiffReader;
import io.varve.image.diff.DiffStreamException;
import io.varve.image.diff.DiskDigest;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2Info;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Puts one stream on one disk: finds what is there, receives the result as a snapshot beside it,
/// and moves the disk there. Each of the three finds out whether it is done already, so a run that
/// was cut short is taken up by running it again.
final class ApplyStream {
  private final Parts parts;
  private final DiskAddress target;
  private final ApplySpec spec;

  ApplyStream(Parts parts, DiskAddress target, ApplySpec spec) {
    this.parts = parts;
    this.target = target;
    this.spec = spec;
  }

  ApplyOutcome run(InputStream in) throws IOException {
    try {
      return apply(new DiffReader(in));
    } catch (DiffStreamException e) {
      throw new DamagedException(
          ProblemCode.DAMAGED_STREAM,
          String.valueOf(e.getMessage()),
          "Send it again; the target is as it was before.",
          e);
    }
  }

  private ApplyOutcome apply(DiffReader stream) throws IOException {
    DiffHeader header = stream.header();
    UUID origin = header.toId();
    if (origin == null) {
      throw new DiffStreamException("the stream does not say what it leads to");
    }
    Resolver.Found found = find(header);
    if (found == null) {
      return makeDisk(stream, origin);
    }
    requireVirtual(found.site());
    SnapshotRow there = new CopyOfSnapshot(parts, found).find(origin);
    if (there != null) {
      while (stream.next(NOWHERE)) {
        // Read to its end: whoever sends it should not fail for our having it already.
      }
      return outcome(found, there.name(), true, moveOn(there), stream, false);
    }
    if (!header.hasBase()) {
      throw new AlreadyExistsException(
          ProblemCode.DISK_EXISTS,
          "the stream is a whole disk, and there is a disk '" + found.address() + "' already",
          "Name a disk that does not exist, or delete this one first.");
    }
    return receive(stream, origin, found);
  }

  private static final DiffReader.Receiver NOWHERE =
      new DiffReader.Receiver() {
        @Override
        public void data(long start, ByteBuffer bytes) {}

        @Override
        public void zero(long start, long length) {}
      };

  /// The target; null where it is to be made.
  private Resolver.@Nullable Found find(DiffHeader header) {
    try {
      // An interrupted verb on the disk is dealt with before anything is asked of it.
      return parts.verbs().onDisk(target, found -> found);
    } catch (NotFoundException e) {
      if (header.hasBase() || e.code() != ProblemCode.DISK_NOT_FOUND) {
        throw header.hasBase() && e.code() == ProblemCode.DISK_NOT_FOUND
            ? new NotFoundException(
                ProblemCode.DISK_NOT_FOUND,
                e.reason(),
                "The stream has only what changed since '"
                    + header.disk()
                    + "@"
                    + header.fromName()
                    + "': make that here first, from a stream of all of it (--full).")
            : e;
      }
      return null;
    }
  }

  private void requireVirtual(PoolSite site) {
    if (!site.virtual()) {
      throw new RefusedException(
          ProblemCode.NOT_ALLOWED_HERE,
          "pool '"
              + site.row().name()
              + "' is external storage: a stream is received as a storage snapshot, which only"
              + " virtual storage has",
          "Apply it to a disk in a pool on virtual storage; export that, or clone it in full.");
    }
    Policy.require(parts.context(), site, Verb.STORAGE_SNAPSHOT);
  }

  private ApplyOutcome receive(DiffReader stream, UUID origin, Resolver.Found before)
      throws IOException {
    DiffHeader header = stream.header();
    String name = snapshotName(header);
    SnapshotRow base = new StreamBase(parts, before, header, spec.trustBase()).find();
    // To be the base, the disk may have been kept as a snapshot just now.
    Resolver.Found found = parts.resolver().again(before.disk().id(), target);
    boolean move = !spec.stay();
    if (move) {
      requireMovable(found, base);
    }
    parts.context().write(tx -> requireFree(tx, found, name));
    DiskAddress baseAddress = target.diskOnly().at(base.name());
    try (Sources.Opened opened =
        parts
            .verbs()
            .opening(
                baseAddress,
                again ->
                    parts.sources().open(again, baseAddress, false, UnaryOperator.identity()))) {
      requireSize(opened.chain(), header);
      LayerRow layer = parts.context().read(tx -> Layers.require(tx, base.layer()));
      ReceiveSnapshot.Plan plan =
          new ReceiveSnapshot.Plan(
              found.site(),
              found.disk(),
              layer,
              parts.context().newId(),
              parts.context().newId(),
              name,
              origin,
              shape(((Qcow2Layer) opened.chain().top()).info(), header.toSize()));
      parts
          .receive()
          .receive(plan, opened, chain -> fill(stream, chain), tx -> requireFree(tx, found, name));
    }
    boolean moved = move && moveTo(found, name, base);
    return outcome(found, name, false, moved, stream, stream.result() != null);
  }

  private ApplyOutcome makeDisk(DiffReader stream, UUID origin) throws IOException {
    DiffHeader header = stream.header();
    Context context = parts.context();
    PoolSite site = parts.resolver().pool(poolName());
    requireVirtual(site);
    String name = snapshotName(header);
    UUID disk = context.newId();
    UUID pool = site.row().id();
    DiskRow row =
        new DiskRow(
            disk,
            pool,
            disk,
            Names.check("disk", target.disk()),
            header.toSize(),
            context.newId(),
            null,
            context.now(),
            0);
    ReceiveSnapshot.Plan plan =
        new ReceiveSnapshot.Plan(
            site,
            row,
            null,
            context.newId(),
            context.newId(),
            name,
            origin,
            Qcow2CreateOptions.ofSize(header.toSize()));
    parts
        .receive()
        .receive(
            plan,
            null,
            chain -> fill(stream, chain),
            tx -> {
              if (tx.disk(pool, row.name()).isPresent()) {
                throw CloneLinked.diskExists(site, row.name());
              }
            });
    Resolver.Found made = new Resolver.Found(site, row);
    return outcome(made, name, false, true, stream, stream.result() != null);
  }

  private String poolName() {
    String pool = target.pool();
    if (pool == null) {
      throw new InvalidRequestException(
          ProblemCode.INVALID_ADDRESS,
          "'" + target + "' is to be a new disk and names no pool",
          "Write POOL/" + target.disk() + ".");
    }
    return pool;
  }

  private String snapshotName(DiffHeader header) {
    String wanted = spec.snapshot() != null ? spec.snapshot() : header.toName();
    if (wanted.isEmpty()) {
      throw new InvalidRequestException(
          ProblemCode.INVALID_NAME,
          "the stream leads to the disk as it was at some moment, which has no name",
          "Say what the snapshot of it is to be called (--as NAME).");
    }
    return Names.check("snapshot", wanted);
  }

  private static void requireFree(CatalogTx tx, Resolver.Found found, String name) {
    if (tx.snapshot(found.disk().id(), name).isPresent()) {
      throw new AlreadyExistsException(
          ProblemCode.SNAPSHOT_EXISTS,
          "a snapshot '" + found.address() + "@" + name + "' exists already, with other content",
          "Choose another name for what comes (--as NAME).");
    }
  }

  private static void requireSize(Chain base, DiffHeader header) {
    if (base.size() != header.fromSize()) {
      throw new RefusedException(
          ProblemCode.NOT_THE_BASE,
          "the base has %d bytes here, and had %d at the sender"
              .formatted(base.size(), header.fromSize()),
          "It is another state; name the right one.");
    }
  }

  private static Qcow2CreateOptions shape(Qcow2Info base, long size) {
    return Qcow2CreateOptions.ofSize(size)
        .withClusterBits(Integer.numberOfTrailingZeros(base.clusterSize()))
        .withExtendedL2(base.extendedL2());
  }

  private void fill(DiffReader stream, Chain chain) throws IOException {
    DiffApplier.apply(stream, chain, parts.context().progress("apply"));
    byte[] expected = stream.result();
    if (expected == null) {
      return;
    }
    byte[] found = DiskDigest.of(chain, parts.context().progress("checksum"));
    if (!DiskDigest.same(expected, found)) {
      throw new DamagedException(
          ProblemCode.NOT_THE_BASE,
          "the result is not what the sender has: its checksum differs, so the base here is not"
              + " the sender's, or was changed",
          "The target is as it was before. Send all of the disk (--full), or find the right base.");
    }
  }

  private void requireMovable(Resolver.Found found, SnapshotRow base) throws IOException {
    if (spec.keepAs() != null || spec.discard() || standsOn(found, base)) {
      return;
    }
    throw new RefusedException(
        ProblemCode.NOT_THE_BASE,
        "disk '"
            + found.address()
            + "' does not stand unchanged on its snapshot '"
            + base.name()
            + "', which the stream goes on from",
        "Keep what it is now (--keep-as NAME), give that up (--discard), or leave the disk where it"
            + " stands (--stay).");
  }

  /// True if the disk is exactly what the snapshot is.
  private boolean standsOn(Resolver.Found found, SnapshotRow snapshot) throws IOException {
    LayerRow active = parts.context().read(tx -> tx.layer(found.disk().activeLayer())).orElse(null);
    if (active == null || !snapshot.layer().equals(active.parent())) {
      return false;
    }
    LayerRow base = parts.context().read(tx -> Layers.require(tx, snapshot.layer()));
    try (Qcow2Layer top = LayerFiles.openToLook(found.site().file(active));
        Qcow2Layer below = LayerFiles.openToLook(found.site().file(base))) {
      return top.size() == below.size() && !FileFacts.holdsAnything(top);
    }
  }

  /// Moves the disk to the received snapshot, under the lock; what it was is asked again.
  private boolean moveTo(Resolver.Found before, String name, SnapshotRow base) {
    return parts
        .verbs()
        .onDisk(
            target,
            found -> {
              requireMovable(found, base);
              SnapshotRow to =
                  parts
                      .context()
                      .read(tx -> tx.snapshot(before.disk().id(), name))
                      .orElseThrow(() -> Resolver.noSnapshot(target.diskOnly().at(name)));
              revert(found, to);
              return true;
            });
  }

  private void revert(Resolver.Found found, SnapshotRow to) throws IOException {
    LayerRow layer = parts.context().read(tx -> Layers.require(tx, to.layer()));
    parts.revert().revert(found, layer, spec.keepAs());
    parts.reaper().collect(found.site(), found.disk().family(), false);
  }

  /// After a run that was cut short between receiving and moving: goes on only from where that run
  /// would have. A disk that has gone elsewhere since is left there.
  private boolean moveOn(SnapshotRow there) {
    if (spec.stay()) {
      return false;
    }
    return parts
        .verbs()
        .onDisk(
            target,
            found -> {
              if (standsOn(found, there)) {
                return true;
              }
              UUID parent = parts.context().read(tx -> Layers.require(tx, there.layer())).parent();
              SnapshotRow base =
                  parent == null
                      ? null
                      : parts.context().read(tx -> tx.snapshotOfLayer(parent)).orElse(null);
              if (base == null || !standsOn(found, base)) {
                return false;
              }
              revert(found, there);
              return true;
            });
  }

  private static ApplyOutcome outcome(
      Resolver.Found found,
      String name,
      boolean already,
      boolean moved,
      DiffReader stream,
      boolean verified) {
    return new ApplyOutcome(
        found.address() + "@" + name, already, moved, verified, stream.totals());
  }
}
