// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.image.LayerFormat;
import io.varve.image.chain.Chain;
import io.varve.img.ImgException;
import java.io.IOException;

/// Gives a disk another size, with the complaints of each format.
final class Resize {
  private Resize() {}

  static void run(Chain chain, long size, String preallocation) throws ImgException {
    boolean raw = chain.top().format() == LayerFormat.RAW;
    if (!raw && size % 512 != 0) {
      throw new ImgException("The new size must be a multiple of 512");
    }
    if (!preallocation.equals("off")) {
      if (!raw && size < chain.size()) {
        throw new ImgException("Preallocation can't be used for shrinking an image");
      }
      throw new ImgException("Preallocation on resize is not supported by Varve yet");
    }
    try {
      chain.resize(size);
    } catch (IOException e) {
      throw new ImgException("Failed to resize the image: " + DeviceException.words(e));
    }
  }
}
