// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.CorruptImageException;
import io.varve.image.ImageException;
import io.varve.image.UnsupportedImageException;
import io.varve.image.qcow2.format.FeatureBits;
import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.format.HeaderArea;
import io.varve.image.qcow2.io.DataArea;
import io.varve.image.qcow2.io.DataCipher;
import io.varve.image.storage.Storage;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Opens what stands between the index and the guest's bytes: an external data file, a cipher.
final class DataAreas {
  private DataAreas() {}

  static DataArea open(Storage image, HeaderArea area, Qcow2Options options) throws IOException {
    boolean external = area.header().externalDataFile();
    if (!options.withData()) {
      return DataArea.absent(image.name(), external);
    }
    DataCipher cipher = cipher(image, area.header());
    boolean raw = (area.header().autoclear() & FeatureBits.RAW_DATA) != 0;
    if (!external && raw) {
      String words = "data-file-raw requires a data file";
      throw ImageException.inWords(
          words, new CorruptImageException(image.name() + ": header at 88: " + words));
    }
    if (!external) {
      return DataArea.inImage(image, cipher);
    }
    DataFileSource source = options.dataFile();
    if (source == null) {
      throw new UnsupportedImageException(
          image.name()
              + ": header at 72: its guest data lies in an external data file, and none may be"
              + " opened here; convert to an image of one file with qemu-img convert -O qcow2");
    }
    return DataArea.external(source.open(area.dataFileName(), options.writable()), raw, cipher);
  }

  private static @Nullable DataCipher cipher(Storage image, Header header)
      throws UnsupportedImageException {
    if (header.cryptMethod() == Header.CRYPT_NONE) {
      return null;
    }
    String method = header.cryptMethod() == Header.CRYPT_AES ? "AES" : "LUKS";
    throw new UnsupportedImageException(
        "%s: header at 32: encryption (%s) is not supported; convert to an unencrypted image with qemu-img"
                .formatted(image.name(), method)
            + " convert");
  }
}
