// SPDX-License-Identifier: Apache-2.0
package io.varve.img.create;

import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.storage.FileStorage;
import io.varve.img.ImgException;
import io.varve.img.open.Images;
import io.varve.img.open.Protocols;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Makes a qcow2 image. The file exists before the options are judged, and goes if they are wrong.
final class Qcow2Creator {
  private Qcow2Creator() {}

  static void create(Images images, String fileName, CreateOptions options)
      throws ImgException, IOException {
    if (options.isOn("encryption") && options.has("encrypt.format")) {
      throw new ImgException(
          "'encrypt.format' and its alias 'encryption' can't be used at the same time");
    }
    String name = Protocols.plainName(fileName);
    boolean done = false;
    try (FileStorage file = ImageCreator.emptyFile(images, name)) {
      try {
        String dataFile = options.get("data_file");
        if (dataFile == null) {
          Qcow2Create.create(file, judged(images, options));
        } else {
          createWithData(images, file, dataFile, options);
        }
        done = true;
      } finally {
        if (!done) {
          delete(images, name);
        }
      }
    }
  }

  private static Qcow2CreateOptions judged(Images images, CreateOptions options)
      throws ImgException {
    Qcow2CreateOptions wanted = Qcow2Rules.check(options);
    return wanted.withEncryption(EncryptRules.encryption(images, options));
  }

  private static void createWithData(
      Images images, FileStorage file, String dataName, CreateOptions options)
      throws ImgException, IOException {
    boolean done = false;
    try (FileStorage data = ImageCreator.emptyFile(images, dataName)) {
      try {
        Qcow2Create.create(file, data, judged(images, options));
        done = true;
      } finally {
        if (!done) {
          delete(images, dataName);
        }
      }
    }
  }

  private static void delete(Images images, String name) throws IOException {
    Path path = images.console().resolve(name);
    if (Files.isRegularFile(path)) {
      Files.deleteIfExists(path);
    }
  }
}
