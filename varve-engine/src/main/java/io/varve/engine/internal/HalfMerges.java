// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.storage.Directories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Finishes merges downward that were cut between their two last steps when the catalog, and so the
/// journal, was lost: a file that says it is the layer above it, by which it has not been renamed
/// yet. It holds everything that the old file of that layer shows.
final class HalfMerges {
  private final PoolSite site;
  private final Map<UUID, VarveIdentity> byFile = new HashMap<>();

  private HalfMerges(PoolSite site) {
    this.site = site;
  }

  /// Alone in the pool. Returns the files that got their name.
  static List<Path> finish(PoolSite site) throws IOException {
    return site.virtual() && Files.isDirectory(site.folder())
        ? new HalfMerges(site).finishAll()
        : List.of();
  }

  private List<Path> finishAll() throws IOException {
    read();
    List<Path> finished = new ArrayList<>();
    for (Map.Entry<UUID, VarveIdentity> entry : byFile.entrySet()) {
      UUID top = entry.getValue().layerId();
      if (!top.equals(entry.getKey()) && standsOn(top, entry.getKey())) {
        Path kept = site.file(PoolSite.fileName(entry.getKey()));
        Path file = site.file(PoolSite.fileName(top));
        Files.setPosixFilePermissions(kept, Files.getPosixFilePermissions(file));
        Directories.replace(kept, file);
        finished.add(file);
      }
    }
    return finished;
  }

  private void read() throws IOException {
    try (Stream<Path> files = Files.list(site.folder())) {
      for (Path file : files.sorted().toList()) {
        UUID id = idOf(file);
        if (id != null) {
          identity(file, id);
        }
      }
    }
  }

  private void identity(Path file, UUID id) {
    try {
      LayerFiles.identity(file).ifPresent(own -> byFile.put(id, own));
    } catch (IOException _) {
      // Damaged, or not to be read: the scan tells.
    }
  }

  private static @Nullable UUID idOf(Path file) {
    String name = String.valueOf(file.getFileName());
    try {
      return name.endsWith(PoolSite.SUFFIX)
          ? UUID.fromString(name.substring(0, name.length() - PoolSite.SUFFIX.length()))
          : null;
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  /// True if the file of this layer, as its name says, stands on the file of the other.
  private boolean standsOn(UUID top, UUID beneath) {
    VarveIdentity at = byFile.get(top);
    for (int depth = 0; at != null && depth < byFile.size(); depth++) {
      UUID parent = at.parentId();
      if (parent == null || parent.equals(top)) {
        return false;
      }
      if (parent.equals(beneath)) {
        return true;
      }
      at = byFile.get(parent);
    }
    return false;
  }
}
