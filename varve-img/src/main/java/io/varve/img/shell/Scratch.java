// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.image.Layer;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.Qcow2Create;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.img.ImgException;
import io.varve.img.open.OpenedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Takes the changes of a run in a temporary file, which goes with it.
final class Scratch {
  private Scratch() {}

  /// The image with a layer over it that nobody will find again.
  static Chain over(OpenedImage image) throws ImgException {
    List<Layer> layers = new ArrayList<>();
    try {
      layers.add(layer(image.chain().size()));
    } catch (IOException e) {
      throw new ImgException("Could not create temporary overlay: " + DeviceException.words(e));
    }
    layers.addAll(image.layers());
    return Chain.of(layers);
  }

  private static Layer layer(long size) throws IOException {
    Path folder = Path.of(System.getenv().getOrDefault("TMPDIR", "/var/tmp"));
    Path file = Files.createTempFile(folder, "vl.", "");
    try {
      FileStorage storage = FileStorage.open(file, FileAccess.READ_WRITE, LockMode.WRITER);
      Qcow2Create.create(storage, Qcow2CreateOptions.ofSize(size));
      return Qcow2Layer.open(storage, Qcow2Options.readWrite());
    } finally {
      // The open file lives on without a name.
      Files.delete(file);
    }
  }
}
