// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.BackingReference;
import io.varve.image.Layer;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.open.BackingNames;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Finds a backing file in a chain by its name, as QEMU does: by the words in the overlay, or
/// because both mean one file, seen from the overlay's folder.
final class BackingPath {
  private BackingPath() {}

  /// Names of all layers, each as it has to be opened.
  ///
  /// @param top name of the topmost image
  static List<String> names(String top, List<Layer> layers) throws ImgException {
    List<String> names = new ArrayList<>();
    names.add(top);
    for (int i = 0; i + 1 < layers.size(); i++) {
      Optional<BackingReference> reference = layers.get(i).backing();
      names.add(
          reference.isEmpty()
              ? layers.get(i + 1).storage().name()
              : BackingNames.full(names.get(i), reference.get().name()));
    }
    return names;
  }

  /// Depth of the layer that `wanted` means, 0 if there is none.
  static int depthOf(String wanted, Console console, List<String> names, List<Layer> layers)
      throws ImgException {
    for (int i = 0; i + 1 < layers.size(); i++) {
      Optional<BackingReference> reference = layers.get(i).backing();
      if (reference.isPresent() && reference.get().name().equals(wanted)) {
        return i + 1;
      }
      String seen = BackingNames.full(names.get(i), wanted);
      if (same(console.resolve(seen), console.resolve(names.get(i + 1)))) {
        return i + 1;
      }
    }
    return 0;
  }

  private static boolean same(Path a, Path b) {
    try {
      return a.toRealPath().equals(b.toRealPath());
    } catch (IOException _) {
      return a.toAbsolutePath().normalize().equals(b.toAbsolutePath().normalize());
    }
  }
}
