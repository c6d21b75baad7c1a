// SPDX-License-Identifier: Apache-2.0
package io.varve.img.create;

import io.varve.image.ImageInUseException;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.img.ImgException;
import io.varve.img.open.Failures;
import io.varve.img.open.Images;
import io.varve.img.open.Protocols;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Makes the file of a new image. What lies at its place is overwritten, as QEMU does, even if the
/// options turn out to be wrong: the file is opened before they are judged.
public final class ImageCreator {
  private ImageCreator() {}

  /// Creates the image that `options` describe; `size` must be among them. Nothing is printed.
  ///
  /// @throws ImgException without the name in front, as in `NAME: Cluster size must be …`
  public static void create(Images images, String fileName, CreateOptions options)
      throws ImgException {
    try {
      switch (options.format()) {
        case "qcow2" -> Qcow2Creator.create(images, fileName, options);
        default -> RawCreator.create(images, Protocols.plainName(fileName), options);
      }
    } catch (IOException e) {
      throw new ImgException(Failures.reason(e));
    }
  }

  /// An empty file at that place, opened for writing.
  static FileStorage emptyFile(Images images, String name) throws ImgException {
    if (name.isEmpty()) {
      throw new ImgException("Could not create '': No such file or directory");
    }
    Path path = images.console().resolve(name);
    try {
      FileStorage file = openOrCreate(path);
      try {
        file.truncate(0);
        return file;
      } catch (IOException e) {
        file.close();
        throw e;
      }
    } catch (ImageInUseException e) {
      throw Failures.inUse(e, name);
    } catch (IOException e) {
      String reason = Files.isDirectory(path) ? "Is a directory" : Failures.reason(e);
      throw new ImgException("Could not create '" + name + "': " + reason);
    }
  }

  private static FileStorage openOrCreate(Path path) throws IOException {
    if (!Files.exists(path)) {
      try {
        return FileStorage.create(path, LockMode.WRITER);
      } catch (FileAlreadyExistsException _) {
        // Somebody was quicker, or it is a dangling symbolic link.
      }
    }
    return FileStorage.open(path, FileAccess.READ_WRITE, LockMode.WRITER);
  }
}
