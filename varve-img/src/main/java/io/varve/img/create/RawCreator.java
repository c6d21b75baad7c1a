// SPDX-License-Identifier: Apache-2.0
package io.varve.img.create;

import io.varve.image.storage.FileStorage;
import io.varve.image.storage.NoSpaceException;
import io.varve.image.storage.Storage;
import io.varve.img.ImgException;
import io.varve.img.open.Images;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import org.jspecify.annotations.Nullable;

/// Makes a raw image: a file of that length.
final class RawCreator {
  private static final int SECTOR = 512;
  private static final int FIRST_BLOCK = 4096;
  private static final int PIECE = 1 << 20;

  private RawCreator() {}

  static void create(Images images, String name, CreateOptions options)
      throws ImgException, IOException {
    long given = options.number("size", 0);
    String mode = options.get("preallocation");
    requireMode(mode);
    try (FileStorage file = ImageCreator.emptyFile(images, name)) {
      // Behind the last whole sector nothing can be addressed.
      if (given > Long.MAX_VALUE - SECTOR + 1) {
        throw new ImgException("Could not resize file: Invalid argument");
      }
      long size = (given + SECTOR - 1) / SECTOR * SECTOR;
      switch (mode == null ? "off" : mode) {
        case "off" -> empty(file, size);
        case "falloc" -> {
          requirePossible(file, size);
          file.reserve(0, size);
          writeFirst(file, size);
        }
        case "full" -> full(file, size);
        case "metadata" -> throw new ImgException("Unsupported preallocation mode: metadata");
        default -> empty(file, size);
      }
      file.flush();
    }
  }

  private static void requireMode(@Nullable String mode) throws ImgException {
    if (mode != null
        && !mode.equals("off")
        && !mode.equals("falloc")
        && !mode.equals("full")
        && !mode.equals("metadata")) {
      throw new ImgException("invalid parameter value: " + mode);
    }
  }

  /// The first block is written: QEMU does so to learn the file's alignment from it later.
  private static void empty(Storage file, long size) throws ImgException, IOException {
    resize(file, size);
    writeFirst(file, size);
  }

  private static void writeFirst(Storage file, long size) throws IOException {
    if (size > 0) {
      file.write(0, ByteBuffer.allocate(size < FIRST_BLOCK ? SECTOR : FIRST_BLOCK));
    }
  }

  private static void requirePossible(Storage file, long size) throws ImgException, IOException {
    resize(file, size);
    file.truncate(0);
  }

  private static void full(Storage file, long size) throws ImgException, IOException {
    resize(file, size);
    ByteBuffer zeros = ByteBuffer.allocate((int) Math.min(PIECE, size));
    for (long at = 0; at < size; at += PIECE) {
      zeros.limit((int) Math.min(PIECE, size - at)).position(0);
      file.write(at, zeros);
    }
  }

  private static void resize(Storage file, long size) throws ImgException, IOException {
    try {
      file.truncate(size);
    } catch (NoSpaceException e) {
      throw e;
    } catch (FileSystemException e) {
      throw new ImgException("The image size is too large for file format 'raw'");
    }
  }
}
