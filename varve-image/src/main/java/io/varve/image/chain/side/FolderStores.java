// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/// Side files in a folder, which is made when the first one is.
///
/// @param folder for side files alone
record FolderStores(Path folder) implements SideStores {
  @Override
  public @Nullable Storage open(String name, boolean write) throws IOException {
    try {
      return FileStorage.open(
          folder.resolve(name),
          write ? FileAccess.READ_WRITE : FileAccess.READ_ONLY,
          LockMode.NONE);
    } catch (NoSuchFileException _) {
      return null;
    }
  }

  @Override
  public Storage create(String name) throws IOException {
    Files.createDirectories(folder);
    Files.deleteIfExists(folder.resolve(name));
    return FileStorage.create(folder.resolve(name), LockMode.NONE);
  }

  @Override
  public void rename(String from, String to) throws IOException {
    Files.move(folder.resolve(from), folder.resolve(to), StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void delete(String name) throws IOException {
    Files.deleteIfExists(folder.resolve(name));
  }

  @Override
  public void sweep(String family, String records, String pages) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, family + "*")) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        boolean ours = name.endsWith(".map") || name.endsWith(".new") || name.endsWith(".pages");
        if (ours && !name.equals(records) && !name.equals(pages)) {
          Files.deleteIfExists(file);
        }
      }
    }
  }
}
