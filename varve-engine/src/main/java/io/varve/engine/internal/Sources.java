// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DiskAddress;
import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.SnapshotKind;
import io.varve.image.Layer;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Opens what an address names for reading or writing its bytes: a disk, a storage snapshot, a
/// compute snapshot.
final class Sources {
  /// Layers in a chain that Varve opens; far above what it makes.
  static final int MAX_DEPTH = 1 << 14;

  private final Context context;
  private final OpenSessions sessions;

  Sources(Context context, OpenSessions sessions) {
    this.context = context;
    this.sessions = sessions;
  }

  /// An open chain.
  ///
  /// @param chain to read and write
  /// @param owner to close
  /// @param compute the compute snapshot that it shows, or null
  /// @param unmapped the newest frozen layer of a long chain that had to be walked, because the
  ///   side file does not know it; else null
  /// @param state keeps the state of a snapshot from being merged away, also when its name goes
  ///   while it is read; else null
  /// @param registration that it is open
  record Opened(
      Chain chain,
      Chain owner,
      @Nullable InternalSnapshot compute,
      @Nullable UUID unmapped,
      @Nullable FileStorage state,
      OpenSessions.Registration registration)
      implements AutoCloseable {
    @Override
    public void close() throws IOException {
      try {
        owner.close();
      } finally {
        registration.end();
        if (state != null) {
          state.close();
        }
      }
    }
  }

  /// @param wrap put around the storage of each layer
  Opened open(
      Resolver.Found found, DiskAddress address, boolean writable, UnaryOperator<Storage> wrap)
      throws IOException {
    String snapshot = address.snapshot();
    if (snapshot == null) {
      LayerRow active = Layers.active(context, found.disk());
      return whole(found, active, writable, wrap);
    }
    if (writable) {
      throw new RefusedException(
          ProblemCode.FROZEN,
          "'" + address + "' is a snapshot: it is read-only",
          "Make a clone of it and write to that, or revert the disk to it.");
    }
    Optional<SnapshotRow> row = context.read(tx -> tx.snapshot(found.disk().id(), snapshot));
    if (row.isPresent() && row.get().kind() == SnapshotKind.STORAGE) {
      LayerRow layer = context.read(tx -> Layers.require(tx, row.get().layer()));
      return state(found, layer, wrap);
    }
    return compute(found, address, snapshot, wrap);
  }

  private Opened whole(
      Resolver.Found found, LayerRow layer, boolean writable, UnaryOperator<Storage> wrap)
      throws IOException {
    OpenChain opening = new OpenChain(context, found.site(), layer);
    Chain chain = opening.open(writable, wrap);
    try {
      return new Opened(
          chain,
          chain,
          null,
          opening.unmapped(chain),
          null,
          sessions.add(found.site(), layer, chain));
    } catch (IOException | RuntimeException e) {
      chain.close();
      throw e;
    }
  }

  private Opened state(Resolver.Found found, LayerRow layer, UnaryOperator<Storage> wrap)
      throws IOException {
    FileStorage state =
        FileStorage.open(found.site().file(layer), FileAccess.READ_ONLY, LockMode.STATE_READER);
    try {
      Opened opened = whole(found, layer, false, wrap);
      return new Opened(
          opened.chain, opened.owner, null, opened.unmapped, state, opened.registration);
    } catch (IOException | RuntimeException e) {
      state.close();
      throw e;
    }
  }

  private Opened compute(
      Resolver.Found found, DiskAddress address, String snapshot, UnaryOperator<Storage> wrap)
      throws IOException {
    LayerRow active = Layers.active(context, found.disk());
    Chain chain = new OpenChain(context, found.site(), active).open(false, wrap);
    try {
      Qcow2Layer top = (Qcow2Layer) chain.top();
      InternalSnapshot entry = ComputeSnapshots.find(top, snapshot, address);
      List<Layer> layers = new ArrayList<>(chain.layers());
      layers.set(0, top.snapshots().view(ComputeSnapshots.key(top.snapshots().list(), entry)));
      return new Opened(Chain.of(layers), chain, entry, null, null, () -> {});
    } catch (IOException | RuntimeException e) {
      chain.close();
      throw e;
    }
  }
}
