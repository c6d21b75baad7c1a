// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.ProblemCode;
import io.varve.engine.StoreException;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.PoolRow;
import io.varve.engine.model.PoolKind;
import io.varve.image.chain.OpenGate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/// Where the files of one pool lie.
///
/// On virtual storage: `varve-pool.json`, `varve-pool.lock`, and the folder `layers` with one
/// `<layer id>.qcow2` per layer, whose backing names are plain file names, so that the pool can
/// move.
///
/// @param row the pool as the catalog has it
record PoolSite(PoolRow row) {
  static final String LAYERS = "layers";
  static final String SUFFIX = ".qcow2";

  /// What a file is called while it is being made; never read, deleted by recovery.
  static final String UNFINISHED = ".new";

  boolean virtual() {
    return row.kind() == PoolKind.VIRTUAL;
  }

  Path root() {
    return Path.of(row.path());
  }

  /// The folder of layer files; on external storage the place itself.
  Path folder() {
    return virtual() ? root().resolve(LAYERS) : root();
  }

  Path file(String name) {
    return virtual() ? folder().resolve(name) : Path.of(name);
  }

  Path file(LayerRow layer) {
    return file(layer.file());
  }

  /// How the catalog and backing names spell the file of a new layer.
  static String fileName(UUID layer) {
    return layer + SUFFIX;
  }

  /// Layers name only each other; images on external storage stand alone.
  OpenGate gate() {
    return virtual() ? OpenGate.confinedTo(List.of(folder())) : OpenGate.closed();
  }

  /// @throws StoreException if the place is gone or is another pool
  void requirePresent() throws IOException {
    if (!Files.exists(root())) {
      throw gone("its place " + root() + " does not exist");
    }
    if (!virtual()) {
      return;
    }
    if (!PoolFile.isIn(root())) {
      throw gone(root() + " holds no " + PoolFile.FILE_NAME);
    }
    PoolFile found = PoolFile.read(root());
    if (!found.id().equals(row.id())) {
      throw gone(root() + " is another pool, '" + found.name() + "'");
    }
  }

  private StoreException gone(String why) {
    return new StoreException(
        ProblemCode.POOL_GONE,
        "pool '" + row.name() + "' is not there: " + why,
        virtual()
            ? "Mount it again; if it was moved, run a rescan of its new folder."
            : "Mount or attach it again.");
  }
}
