// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DiskAddress;
import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.SnapshotKind;
import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The snapshots inside a disk's file, where the file is the truth, beside what the catalog knows
/// of them: their parents, which qcow2 does not record.
final class ComputeSnapshots {
  private ComputeSnapshots() {}

  /// The snapshot of that name, or of that id where none has the name.
  ///
  /// @throws io.varve.engine.NotFoundException if there is none
  static InternalSnapshot find(Qcow2Layer layer, String nameOrId, DiskAddress address)
      throws IOException {
    List<InternalSnapshot> all = layer.snapshots().list();
    requireOne(all, nameOrId, address);
    return find(all, nameOrId).orElseThrow(() -> Resolver.noSnapshot(address));
  }

  /// QEMU gives the same name twice without a word; to take any of them would be a guess.
  private static void requireOne(List<InternalSnapshot> all, String name, DiskAddress address) {
    List<String> ids =
        all.stream().filter(s -> s.name().equals(name)).map(InternalSnapshot::id).toList();
    if (ids.size() > 1) {
      throw new RefusedException(
          ProblemCode.INVALID_REQUEST,
          "'%s' names %d snapshots inside the image, with the ids %s"
              .formatted(address, ids.size(), String.join(", ", ids)),
          "Give the id instead of the name: "
              + new DiskAddress(address.pool(), address.disk(), ids.getFirst())
              + ".");
    }
  }

  static Optional<InternalSnapshot> find(List<InternalSnapshot> all, String nameOrId) {
    return all.stream()
        .filter(s -> s.name().equals(nameOrId))
        .findFirst()
        .or(() -> all.stream().filter(s -> s.id().equals(nameOrId)).findFirst());
  }

  /// How the image layer must be asked for exactly this one: it looks for names before ids.
  static String key(List<InternalSnapshot> all, InternalSnapshot wanted) {
    long sameName = all.stream().filter(s -> s.name().equals(wanted.name())).count();
    return sameName == 1 ? wanted.name() : wanted.id();
  }

  /// What the catalog knows of the snapshots in a file; made up where it knows nothing.
  static List<SnapshotRow> rows(
      List<InternalSnapshot> inFile, List<SnapshotRow> known, DiskRow disk) {
    return inFile.stream().map(entry -> row(entry, known, disk)).toList();
  }

  private static SnapshotRow row(InternalSnapshot entry, List<SnapshotRow> known, DiskRow disk) {
    return known.stream()
        .filter(row -> isOf(row, entry))
        .findFirst()
        .orElseGet(() ->
            new SnapshotRow(
                idOf(disk, entry),
                disk.id(),
                entry.name(),
                SnapshotKind.COMPUTE,
                disk.activeLayer(),
                entry.id(),
                false,
                entry.lineage() == null ? null : entry.lineage().parentId(),
                entry.lineage() != null,
                entry.takenAt().toEpochMilli()));
  }

  /// The same for the same snapshot of the same disk, also after the catalog was lost.
  static UUID idOf(DiskRow disk, InternalSnapshot entry) {
    String name = disk.id() + "@" + entry.id() + "@" + entry.takenAt();
    return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
  }

  /// The internal id of the snapshot that the disk stands on, by what the file says; null if it
  /// says nothing.
  static @Nullable String current(List<InternalSnapshot> inFile) {
    return inFile.stream()
        .filter(entry -> entry.lineage() != null && entry.lineage().current())
        .map(InternalSnapshot::id)
        .findFirst()
        .orElse(null);
  }

  static boolean isOf(SnapshotRow row, InternalSnapshot entry) {
    return row.kind() == SnapshotKind.COMPUTE
        && entry.id().equals(row.internalId())
        && entry.name().equals(row.name());
  }

  /// Brings the catalog's rows of a disk in line with the file: drops those that are gone, adds
  /// those that another program made.
  static void align(CatalogTx tx, DiskRow disk, List<InternalSnapshot> inFile) {
    List<SnapshotRow> known =
        tx.snapshots(disk.id()).stream().filter(r -> r.kind() == SnapshotKind.COMPUTE).toList();
    for (SnapshotRow row : known) {
      if (inFile.stream().noneMatch(entry -> isOf(row, entry))) {
        tx.deleteSnapshot(row.id());
      }
    }
    for (SnapshotRow row : rows(inFile, known, disk)) {
      if (known.stream().noneMatch(k -> k.id().equals(row.id()))) {
        tx.insert(row);
      }
    }
  }
}
