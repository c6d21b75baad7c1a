// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DiskAddress;
import io.varve.engine.Names;
import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.SnapshotKind;
import io.varve.image.diff.DiffHeader;
import io.varve.image.diff.DiskDigest;
import java.io.IOException;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Finds the snapshot of the target that a stream goes on from: by its identity, which a received
/// snapshot keeps; else by the digest of its content, where the stream has one.
final class StreamBase {
  private final Parts parts;
  private final Resolver.Found found;
  private final DiffHeader header;
  private final @Nullable String trusted;

  StreamBase(Parts parts, Resolver.Found found, DiffHeader header, @Nullable String trusted) {
    this.parts = parts;
    this.found = found;
    this.header = header;
    this.trusted = trusted;
  }

  /// @throws RefusedException if the target has no such snapshot
  SnapshotRow find() throws IOException {
    if (trusted != null) {
      return named(trusted);
    }
    UUID id = header.fromId();
    SnapshotRow known = id == null ? null : new CopyOfSnapshot(parts, found).find(id);
    if (known != null) {
      return known;
    }
    if (header.baseDigest() != null) {
      return byContent(header.baseDigest());
    }
    throw new RefusedException(
        ProblemCode.NOT_THE_BASE,
        "disk '" + found.address() + "' has no snapshot that is a copy of " + baseName(),
        "Send from a snapshot that both sides have, send all (--full), send with --base-checksum so"
            + " that a copy made otherwise is known by its content, or name it (--base SNAP).");
  }

  private String baseName() {
    return header.fromName().isEmpty()
        ? "the state that the stream goes on from"
        : "'" + header.disk() + "@" + header.fromName() + "'";
  }

  private SnapshotRow named(String name) {
    DiskAddress address = new DiskAddress(found.site().row().name(), found.disk().name(), name);
    return parts
        .context()
        .read(tx -> tx.snapshot(found.disk().id(), name))
        .filter(row -> row.kind() == SnapshotKind.STORAGE)
        .orElseThrow(() -> Resolver.noSnapshot(address));
  }

  /// The snapshot that the disk stands on, or the disk itself, which then is kept as a snapshot:
  /// other states of it would have to be named.
  private SnapshotRow byContent(byte[] expected) throws IOException {
    SnapshotRow parent = standing();
    if (parent != null && has(parent.name(), expected)) {
      return parent;
    }
    if (!has(null, expected)) {
      throw new RefusedException(
          ProblemCode.NOT_THE_BASE,
          "neither disk '"
              + found.address()
              + "' nor the snapshot that it stands on has the content of "
              + baseName(),
          "Send from a snapshot that both sides have, or send all of it (--full).");
    }
    String name = freeName();
    DiskAddress disk = new DiskAddress(found.site().row().name(), found.disk().name(), null);
    SnapshotRow kept =
        parts
            .verbs()
            .onDisk(
                disk,
                again -> {
                  parts.takeSnapshot().take(again, name, false);
                  return named(name);
                });
    // Someone may have written to the disk in between; the digest of a result would tell, too.
    if (!header.digestFollows() && !has(name, expected)) {
      throw new RefusedException(
          ProblemCode.NOT_THE_BASE,
          "disk '" + found.address() + "' was written to while its content was compared",
          "Apply the stream again while nothing writes to it.");
    }
    return kept;
  }

  private @Nullable SnapshotRow standing() {
    LayerRow active = parts.context().read(tx -> tx.layer(found.disk().activeLayer())).orElse(null);
    UUID parent = active == null ? null : active.parent();
    return parent == null
        ? null
        : parts
            .context()
            .read(tx -> tx.snapshotOfLayer(parent))
            .filter(row -> row.disk().equals(found.disk().id()))
            .orElse(null);
  }

  private boolean has(@Nullable String snapshot, byte[] expected) throws IOException {
    DiskAddress address = new DiskAddress(found.site().row().name(), found.disk().name(), snapshot);
    try (Sources.Opened opened =
        parts
            .verbs()
            .opening(
                address,
                again -> parts.sources().open(again, address, false, UnaryOperator.identity()))) {
      return opened.chain().size() == header.fromSize()
          && DiskDigest.same(
              expected,
              DiskDigest.of(opened.chain(), parts.context().progress("checksum of base")));
    }
  }

  private String freeName() {
    String wanted = Names.isValid(header.fromName()) ? header.fromName() : "base";
    for (int i = 1; ; i++) {
      String name = i == 1 ? wanted : wanted + "-" + i;
      if (parts.context().read(tx -> tx.snapshot(found.disk().id(), name)).isEmpty()) {
        return name;
      }
    }
  }
}
