// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.BackingReference;
import io.varve.image.Layer;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.open.BackingNames;
import io.varve.img.open.OpenedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Finds a backing file in a chain by its name, as QEMU does: by the words in the overlay, or
/// because both mean one file, seen from the overlay's folder.
final class BackingPath {
  private BackingPath() {}

  /// The name from which relative names in the image are meant.
  static String nameOf(OpenedImage image, int depth) {
    String name = image.fileNames().get(depth);
    return name.startsWith("json:") ? image.layers().get(depth).storage().name() : name;
  }

  /// Depth of the layer that `wanted` means, 0 if there is none.
  static int depthOf(String wanted, Console console, OpenedImage image) throws ImgException {
    List<Layer> layers = image.layers();
    for (int i = 0; i + 1 < layers.size(); i++) {
      Optional<BackingReference> reference = layers.get(i).backing();
      if (reference.isPresent() && reference.get().name().equals(wanted)) {
        return i + 1;
      }
      String seen = BackingNames.full(nameOf(image, i), wanted);
      if (same(console.resolve(seen), console.resolve(nameOf(image, i + 1)))) {
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
