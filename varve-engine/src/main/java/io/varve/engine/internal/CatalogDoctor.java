// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.DoctorReport.Kind;
import io.varve.engine.model.NodeRole;
import io.varve.engine.model.SnapshotKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

/// Compares what the catalog says of a pool with what the files say.
final class CatalogDoctor {
  private static final String RESCAN =
      "Put back what is missing, or rebuild the catalog from the files that are left: varve pool"
          + " rescan ";

  private final Context context;
  private final PoolSite site;
  private final Ailments ailments;
  private int differences;

  CatalogDoctor(Context context, PoolSite site, Ailments ailments) {
    this.context = context;
    this.site = site;
    this.ailments = ailments;
  }

  /// Reports each difference. Returns true if a rescan mends them all: where files are missing it
  /// would make the catalog forget them, which is for a person to decide.
  boolean isBehind(LayerDoctor files) {
    boolean missing = missing();
    context.write(tx -> compare(tx, files.found()));
    if (differences == 0) {
      return false;
    }
    boolean disorder =
        missing
            || ailments.all().stream()
                .anyMatch(a -> !a.mended() && a.repair() == null && isOfLayers(a.kind()));
    if (disorder) {
      ailments.report(
          Kind.CATALOG_BEHIND,
          null,
          differences + " differences between catalog and files, and files are in disorder",
          RESCAN + site.row().name() + ".");
    }
    return !disorder;
  }

  private static boolean isOfLayers(Kind kind) {
    return switch (kind) {
      case MISSING_LAYER, MISSING_BASE, WRONG_BASE, FOREIGN_LAYER, COPY, CYCLE, UNREADABLE -> true;
      default -> false;
    };
  }

  private boolean missing() {
    boolean missing = false;
    List<LayerRow> rows = context.read(tx -> tx.layersOfPool(site.row().id()));
    for (LayerRow row : rows) {
      Path file = site.file(row);
      if (!Files.exists(file)) {
        missing = true;
        ailments.report(
            Kind.MISSING_LAYER,
            file,
            "the catalog has it as " + words(row.role()) + " layer, and it is not there",
            "Put it back from a backup or from "
                + Doctor.SET_ASIDE
                + "; if it is lost: varve pool rescan "
                + site.row().name()
                + ".");
      }
    }
    return missing;
  }

  private static String words(NodeRole role) {
    return switch (role) {
      case ACTIVE -> "an active";
      case SNAPSHOT -> "a snapshot's";
      case RETIRED -> "a retired";
    };
  }

  private void compare(CatalogTx tx, Map<UUID, FoundLayer> found) {
    Set<UUID> known = new HashSet<>();
    Set<UUID> read = new HashSet<>();
    for (LayerRow row : tx.layersOfPool(site.row().id())) {
      known.add(row.id());
      UUID parent = row.parent();
      if (parent != null) {
        read.add(parent);
      }
      FoundLayer file = found.get(row.id());
      if (file != null) {
        compare(tx, row, file);
      }
    }
    for (FoundLayer file : found.values()) {
      if (!known.contains(file.id())) {
        differs(file.file(), "the catalog does not know it: " + describe(file));
      } else if (file.role().name().equals(NodeRole.RETIRED.name()) && !read.contains(file.id())) {
        ailments.report(
            Kind.UNREAD,
            file.file(),
            "it is retired, and nothing reads it any more",
            "Let it go: varve pool collect " + site.row().name() + ".");
      }
    }
    for (DiskRow disk : tx.disksOfPool(site.row().id())) {
      FoundLayer file = found.get(disk.activeLayer());
      if (file != null && file.size() != disk.size()) {
        differences++;
        ailments.report(
            Kind.WRONG_SIZE,
            file.file(),
            "disk '%s' has %d bytes in the catalog and %d in its file"
                .formatted(disk.name(), disk.size(), file.size()),
            "The file counts: a rescan brings the catalog in line.");
      }
    }
  }

  private static String describe(FoundLayer file) {
    String snapshot = file.identity().snapshotName();
    return "layer of disk '"
        + file.identity().diskName()
        + "'"
        + (snapshot == null ? "" : ", snapshot '" + snapshot + "'");
  }

  private void compare(CatalogTx tx, LayerRow row, FoundLayer file) {
    if (!row.role().name().equals(file.role().name())) {
      differs(file.file(), "it is " + file.role() + ", and the catalog has it as " + row.role());
    } else if (!Objects.equals(row.parent(), file.parent())) {
      differs(
          file.file(),
          "it stands on " + file.parent() + ", and the catalog has it on " + row.parent());
    } else if (!row.disk().equals(file.disk())) {
      differs(file.file(), "it belongs to another disk than the catalog says");
    } else if (row.role() == NodeRole.SNAPSHOT) {
      SnapshotRow name = tx.snapshotOfLayer(row.id()).orElse(null);
      boolean same =
          name != null
              && name.kind() == SnapshotKind.STORAGE
              && name.name().equals(file.identity().snapshotName());
      if (!same) {
        differs(
            file.file(),
            "it is snapshot '%s', and the catalog has it as '%s'"
                .formatted(file.identity().snapshotName(), name == null ? "none" : name.name()));
      }
    }
  }

  private void differs(Path file, String problem) {
    differences++;
    ailments.report(
        Kind.CATALOG_BEHIND,
        file,
        problem,
        "The file counts: a rescan brings the catalog in line.");
  }
}
