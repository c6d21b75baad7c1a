// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.image.storage.Directories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/// The folder of a pool where files go that nobody names. Nothing is deleted from it but by people.
final class SetAside {
  private final PoolSite site;

  SetAside(PoolSite site) {
    this.site = site;
  }

  /// Moves a file there if nobody uses it, durably, under a name that is free.
  ///
  /// @throws io.varve.image.ImageInUseException if someone does
  void take(Path file) throws IOException {
    Path folder = site.root().resolve(Doctor.SET_ASIDE);
    Files.createDirectories(folder);
    if (Files.isRegularFile(file)) {
      LayerFiles.claim(file).close();
    }
    Path to = folder.resolve(file.getFileName());
    for (int i = 2; Files.exists(to); i++) {
      to = folder.resolve(file.getFileName() + "-" + i);
    }
    Files.move(file, to, StandardCopyOption.ATOMIC_MOVE);
    Directories.flush(folder);
    Directories.flush(LayerFiles.folderOf(file));
  }
}
