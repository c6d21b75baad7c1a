// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import io.varve.image.UnsupportedImageException;
import io.varve.image.storage.Storage;
import java.io.IOException;

/// Opens the files that a VMDK descriptor names for its data. The names are hostile: whoever
/// implements this decides which files may be opened at all, read-only.
@FunctionalInterface
public interface ExtentSource {
  /// Opens none: a VMDK must stand alone.
  ExtentSource NONE =
      name -> {
        throw new UnsupportedImageException(
            "the extent '" + name + "' lies in another file, but none may be opened here");
      };

  /// Opens the file of that name, as the descriptor has it: absolute, or relative to the folder of
  /// the descriptor. The caller closes it.
  Storage open(String name) throws IOException;
}
