// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.model.RescanReport.Finding;
import io.varve.image.BackingReference;
import io.varve.image.WrongFormatException;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.format.VarveIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/// Reads the headers of all files of a pool. Changes nothing.
final class PoolScan {
  private final PoolSite site;
  private final Map<UUID, FoundLayer> layers = new LinkedHashMap<>();
  private final List<Finding> findings = new ArrayList<>();

  private PoolScan(PoolSite site) {
    this.site = site;
  }

  static PoolScan of(PoolSite site) throws IOException {
    PoolScan scan = new PoolScan(site);
    for (Path file : scan.files()) {
      if (site.virtual()) {
        scan.readLayer(file);
      } else {
        scan.readExternal(file);
      }
    }
    return scan;
  }

  Map<UUID, FoundLayer> layers() {
    return layers;
  }

  List<Finding> findings() {
    return findings;
  }

  private List<Path> files() throws IOException {
    if (!Files.isDirectory(site.folder())) {
      return Files.exists(site.folder()) ? List.of(site.folder()) : List.of();
    }
    try (Stream<Path> all = Files.list(site.folder())) {
      return all.sorted().toList();
    }
  }

  private void readLayer(Path file) {
    String name = String.valueOf(file.getFileName());
    if (name.endsWith(PoolSite.UNFINISHED)) {
      found(file, "it was never finished: its making was cut short", "Delete it.");
    } else if (!name.endsWith(PoolSite.SUFFIX)) {
      found(file, "it is not a layer", "Move it out of the pool.");
    } else {
      read(file, name, false);
    }
  }

  private void readExternal(Path file) {
    if (!Files.isDirectory(file)) {
      read(file, file.toString(), true);
    }
  }

  private void read(Path file, String spelled, boolean external) {
    try (Qcow2Layer layer = LayerFiles.openToLook(file)) {
      Optional<VarveIdentity> own = layer.identity();
      if (own.isEmpty()) {
        found(
            file,
            "it carries no identity of Varve's: another program made it",
            external ? "Register it to use it as a disk." : "Import it to use it as a disk.");
        return;
      }
      FoundLayer found =
          new FoundLayer(
              file,
              spelled,
              own.get(),
              layer.size(),
              !FileFacts.holdsAnything(layer),
              layer.snapshots().list());
      if (isPlausible(found, layer.backing(), external)) {
        layers.put(found.id(), found);
      }
    } catch (WrongFormatException e) {
      if (!external) {
        found(file, "it is not a qcow2 image: " + e.getMessage(), "Move it out of the pool.");
      }
    } catch (IOException e) {
      found(file, "it cannot be read: " + e.getMessage(), "Repair or restore it, then rescan.");
    }
  }

  private boolean isPlausible(
      FoundLayer found, Optional<BackingReference> backing, boolean external) {
    FoundLayer twin = layers.get(found.id());
    if (twin != null) {
      found(found.file(), "it is a copy of " + twin.file(), "Move it away, or import it.");
      return false;
    }
    if (external) {
      return true;
    }
    if (!found.spelled().equals(PoolSite.fileName(found.id()))) {
      found(
          found.file(),
          "its name is not its id: it says that it is layer " + found.id(),
          "Give it the name " + PoolSite.fileName(found.id()) + ", then rescan.");
      return false;
    }
    UUID parent = found.parent();
    String expected = parent == null ? null : PoolSite.fileName(parent);
    String named = backing.map(BackingReference::name).orElse(null);
    if (!Objects.equals(expected, named)) {
      found(
          found.file(),
          "its header names the base " + named + ", but its identity names " + expected,
          "Another program rebased it; import it to use what it holds.");
      return false;
    }
    return true;
  }

  void found(Path file, String problem, String cure) {
    findings.add(new Finding(file, problem, cure));
  }
}
