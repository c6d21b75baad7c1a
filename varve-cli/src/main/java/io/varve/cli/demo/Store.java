// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.demo;

import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// What files take on the host: blocks, not lengths.
final class Store {
  private Store() {}

  /// The image files below a folder, by name.
  static List<Path> images(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(file -> file.toString().endsWith(".qcow2")).sorted().toList();
    }
  }

  /// The bytes that the store spends on the image files below the folders.
  static long allocated(List<Path> folders) throws IOException {
    List<Path> images = new ArrayList<>();
    for (Path folder : folders) {
      if (Files.isDirectory(folder)) {
        images.addAll(images(folder));
      }
    }
    long bytes = 0;
    for (Path image : images) {
      try (FileStorage file = FileStorage.open(image, FileAccess.READ_ONLY, LockMode.NONE)) {
        bytes += file.allocatedBytes();
      }
    }
    return bytes;
  }
}
