// SPDX-License-Identifier: Apache-2.0
package io.varve.tests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The checkout that the tests run in.
final class Checkout {
  private Checkout() {}

  /// Its root: as the build says, or found from the working directory upwards.
  static Path root() {
    String stated = System.getProperty("varve.root", "");
    Path start = Path.of(stated).toAbsolutePath().normalize();
    for (Path folder = start; folder != null; folder = folder.getParent()) {
      if (Files.isDirectory(folder.resolve("varve-ffi"))) {
        return folder;
      }
    }
    throw new IllegalStateException("no checkout of Varve at or above " + start);
  }

  /// Every Java source of every module.
  static List<Path> javaFiles() {
    try (var modules = Files.newDirectoryStream(root(), "varve-*")) {
      var found = new ArrayList<Path>();
      for (Path module : modules) {
        Path sources = module.resolve("src");
        if (Files.isDirectory(sources)) {
          try (var files = Files.walk(sources)) {
            files.filter(file -> file.toString().endsWith(".java")).forEach(found::add);
          }
        }
      }
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
