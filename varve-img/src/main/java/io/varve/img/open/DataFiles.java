// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.image.UnsupportedImageException;
import io.varve.image.qcow2.DataFileSource;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.image.storage.Storage;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;
import io.varve.img.open.NodeOpener.FoundNode;
import java.io.IOException;
import java.nio.file.FileSystemException;
import org.jspecify.annotations.Nullable;

/// Opens the external data file of one image. What the image says of it is a plain file name in the
/// image's folder, never `json:` or a protocol; options may name another.
final class DataFiles implements DataFileSource {
  private final Console console;
  private final FoundNode image;
  private final OptionTree options;
  private final boolean forceShare;

  DataFiles(Console console, FoundNode image, OptionTree options, boolean forceShare) {
    this.console = console;
    this.image = image;
    this.options = options;
    this.forceShare = forceShare;
  }

  @Override
  public Storage open(@Nullable String name, boolean writable) throws IOException {
    try {
      if (!options.isEmpty()) {
        return new FileOpener(console, writable, forceShare).open(null, options.copy()).storage();
      }
      if (name == null || name.isEmpty()) {
        throw new UnsupportedImageException("'data-file' is required for this image");
      }
      String full = BackingNames.besides(image.file().fileName(), name);
      LockMode lock =
          forceShare ? LockMode.FORCE_SHARE : writable ? LockMode.WRITER : LockMode.SHARED_READER;
      try {
        return FileStorage.open(
            console.resolve(full), writable ? FileAccess.READ_WRITE : FileAccess.READ_ONLY, lock);
      } catch (IOException e) {
        throw new ImgException("Could not open '" + full + "': " + Failures.reason(e));
      }
    } catch (ImgException e) {
      throw new FileSystemException(null, null, e.text());
    }
  }
}
