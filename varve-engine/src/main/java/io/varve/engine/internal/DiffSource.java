// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DiskAddress;
import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.SnapshotKind;
import io.varve.image.diff.DiffOp;
import io.varve.image.qcow2.InternalSnapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Two states of a disk, open for reading side by side.
///
/// @param from the older one, null for an empty disk
/// @param sides how far above their common base each one reaches
record DiffSource(@Nullable State from, State to, DiffOp.Sides sides) implements AutoCloseable {

  /// One open state.
  ///
  /// @param address with its pool
  /// @param layers its chain in the catalog, the top one first
  /// @param id of the snapshot, null for a disk as it is now
  /// @param createdMillis of the snapshot; 0 for a disk
  record State(
      Sources.Opened opened,
      Resolver.Found found,
      String address,
      List<UUID> layers,
      @Nullable UUID id,
      long createdMillis) {
    long size() {
      return opened.chain().size();
    }
  }

  /// Opens both. What each reads stays as it is until this is closed: the files are locked against
  /// every verb that would change them.
  static DiffSource open(Parts parts, @Nullable DiskAddress fromAddress, DiskAddress toAddress) {
    State to = state(parts, toAddress);
    State from = null;
    try {
      from = fromAddress == null ? null : state(parts, fromAddress);
      State newer = to;
      State older = from;
      return Problems.guard(() ->
          new DiffSource(
              older,
              newer,
              older == null ? DiffOp.Sides.whole(newer.opened.chain()) : sides(older, newer)));
    } catch (RuntimeException e) {
      closeAfter(to, e);
      if (from != null) {
        closeAfter(from, e);
      }
      throw e;
    }
  }

  private static void closeAfter(State state, RuntimeException e) {
    try {
      state.opened.close();
    } catch (IOException again) {
      e.addSuppressed(again);
    }
  }

  private static State state(Parts parts, DiskAddress address) {
    return parts
        .verbs()
        .opening(
            address,
            found -> {
              Sources.Opened opened =
                  parts.sources().open(found, address, false, UnaryOperator.identity());
              try {
                return describe(parts, found, address, opened);
              } catch (RuntimeException e) {
                opened.close();
                throw e;
              }
            });
  }

  private static State describe(
      Parts parts, Resolver.Found found, DiskAddress address, Sources.Opened opened) {
    Context context = parts.context();
    String name = address.snapshot();
    LayerRow top = null;
    UUID id = null;
    long created = 0;
    InternalSnapshot inside = opened.compute();
    if (inside != null) {
      id = ComputeSnapshots.idOf(found.disk(), inside);
      created = inside.takenAt().toEpochMilli();
    } else if (name != null) {
      Optional<SnapshotRow> row = context.read(tx -> tx.snapshot(found.disk().id(), name));
      SnapshotRow snapshot =
          row.filter(r -> r.kind() == SnapshotKind.STORAGE)
              .orElseThrow(() -> Resolver.noSnapshot(address));
      top = context.read(tx -> Layers.require(tx, snapshot.layer()));
      id = snapshot.id();
      created = snapshot.createdMillis();
    }
    if (top == null) {
      top = Layers.active(context, found.disk());
    }
    String full = found.address() + (name == null ? "" : "@" + name);
    return new State(opened, found, full, chain(context, top), id, created);
  }

  private static List<UUID> chain(Context context, LayerRow top) {
    return context.read(tx -> {
      List<UUID> chain = new ArrayList<>();
      LayerRow layer = top;
      while (layer != null && chain.size() < Sources.MAX_DEPTH) {
        chain.add(layer.id());
        UUID parent = layer.parent();
        layer = parent == null ? null : tx.layer(parent).orElse(null);
      }
      return chain;
    });
  }

  private static DiffOp.Sides sides(State from, State to) {
    requireOneTree(from, to);
    boolean oneFile = from.layers.getFirst().equals(to.layers.getFirst());
    int fromAbove = 0;
    int toAbove = 0;
    if (oneFile) {
      // A state inside the file shows more than the file's index holds: both tops are walked,
      // unless
      // they are one and the same state.
      boolean same = from.opened.compute() == null && to.opened.compute() == null;
      fromAbove = same ? 0 : 1;
      toAbove = same ? 0 : 1;
    } else {
      while (!from.layers.contains(to.layers.get(toAbove))) {
        toAbove++;
      }
      fromAbove = from.layers.indexOf(to.layers.get(toAbove));
    }
    return new DiffOp.Sides(from.opened.chain(), fromAbove, to.opened.chain(), toAbove, oneFile);
  }

  private static void requireOneTree(State from, State to) {
    if (!from.layers.contains(to.layers.getLast()) && !to.layers.contains(from.layers.getLast())) {
      throw new RefusedException(
          ProblemCode.INVALID_REQUEST,
          "'" + from.address + "' and '" + to.address + "' share no layer: they are of two trees",
          "Name two states of one disk, or of a disk and its clone; to send all of '"
              + to.address
              + "', leave the first one out (--full).");
    }
  }

  @Override
  public void close() throws IOException {
    try {
      to.opened.close();
    } finally {
      if (from != null) {
        from.opened.close();
      }
    }
  }
}
