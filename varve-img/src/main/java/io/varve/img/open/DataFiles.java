// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.image.UnsupportedImageException;
import io.varve.image.qcow2.DataFileSource;
import io.varve.image.qcow2.format.FeatureBits;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.image.storage.Storage;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;
import io.varve.img.open.NodeOpener.FoundNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import org.jspecify.annotations.Nullable;

/// Opens the external data file of one image. What the image says of it is a plain file name in the
/// image's folder, never `json:` or a protocol; options may name another.
final class DataFiles implements DataFileSource {
  private static final int VERSION_AT = 4;
  private static final int FEATURES_AT = 72;
  private static final int HEADER = 80;

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

  /// Options for a data file go with an image that has one.
  static void requireWanted(Console console, FoundNode image, Qcow2NodeOptions wanted)
      throws ImgException, IOException {
    String node = wanted.dataNode();
    if (node != null) {
      throw new ImgException("Cannot find device='" + node + "' nor node-name='" + node + "'");
    }
    OptionTree options = wanted.dataFile();
    if (options.isEmpty()) {
      return;
    }
    ByteBuffer header = ByteBuffer.allocate(HEADER);
    image.file().storage().read(0, header);
    boolean has =
        header.getInt(VERSION_AT) >= 3
            && (header.getLong(FEATURES_AT) & FeatureBits.DATA_FILE) != 0;
    if (!has) {
      new FileOpener(console, false, true).open(null, options.copy()).storage().close();
      throw new ImgException("'data-file' can only be set for images with an external data file");
    }
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
