// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.image.ImageException;
import io.varve.image.Layer;
import io.varve.image.LayerFormat;
import io.varve.image.UnsupportedImageException;
import io.varve.image.foreign.ForeignFormats;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.image.storage.Storage;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.open.NodeOpener.FoundNode;
import java.io.IOException;
import java.nio.file.FileSystemException;

/// Opens images that are read and never written: VMDK, VHD, VHDX, VDI. The files that a VMDK
/// descriptor names are plain files, beside it unless the name is absolute.
final class ForeignImages {
  private final Console console;
  private final FoundNode found;
  private final boolean forceShare;
  private final boolean forCheck;

  ForeignImages(Console console, FoundNode found, OpenHow how) {
    this.console = console;
    this.found = found;
    this.forceShare = how.forceShare();
    this.forCheck = how.repair();
  }

  /// The layer takes the file over.
  Layer open() throws ImgException, IOException {
    String driver = found.driver();
    if (found.writable()) {
      throw new ImgException("images of format '" + driver + "' are read and not written by Varve");
    }
    String left = found.options().firstKey();
    if (left != null) {
      throw new ImgException(
          "Block format '" + driver + "' does not support the option '" + left + "'");
    }
    Storage file = found.file().storage();
    try {
      return ForeignFormats.open(
          LayerFormat.of(driver), file, this::extent, console::error, forCheck);
    } catch (ImageException e) {
      throw new ImgException(words(e, file.name()));
    }
  }

  private String words(ImageException e, String path) {
    String shown = found.file().fileName();
    String words = e.words();
    if (words != null && words.startsWith("VHDX image file")) {
      return words.replace(path, shown)
          + "\nTo replay the log, run:\nqemu-img check -r all '"
          + shown
          + "'";
    }
    if (words != null && !words.equals("Operation not supported")) {
      return words;
    }
    boolean unsupported = e instanceof UnsupportedImageException;
    return "Could not open '"
        + shown
        + "': "
        + (unsupported ? "Operation not supported" : "Invalid argument");
  }

  private Storage extent(String name) throws IOException {
    try {
      String full = BackingNames.besides(found.file().fileName(), Protocols.plainName(name));
      LockMode lock = forceShare ? LockMode.FORCE_SHARE : LockMode.SHARED_READER;
      try {
        return FileStorage.open(console.resolve(full), FileAccess.READ_ONLY, lock);
      } catch (IOException e) {
        throw new ImgException("Could not open '" + full + "': " + Failures.reason(e));
      }
    } catch (ImgException e) {
      throw new FileSystemException(null, null, e.text());
    }
  }
}
