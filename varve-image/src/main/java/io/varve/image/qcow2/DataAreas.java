// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.CorruptImageException;
import io.varve.image.EncryptionException;
import io.varve.image.EncryptionException.Reason;
import io.varve.image.ImageException;
import io.varve.image.UnsupportedImageException;
import io.varve.image.qcow2.crypto.LegacyAes;
import io.varve.image.qcow2.crypto.Luks;
import io.varve.image.qcow2.format.FeatureBits;
import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.format.HeaderArea;
import io.varve.image.qcow2.format.LuksExtension;
import io.varve.image.qcow2.format.Qcow2FormatException;
import io.varve.image.qcow2.io.DataArea;
import io.varve.image.qcow2.io.DataCipher;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Opens what stands between the index and the guest's bytes: an external data file, a cipher.
final class DataAreas {
  private DataAreas() {}

  static DataArea open(Storage image, HeaderArea area, Qcow2Options options) throws IOException {
    boolean external = area.header().externalDataFile();
    if (!options.withData()) {
      // Nothing is decrypted, but a broken encryption header is told about at once, as by QEMU.
      luks(image, area);
      return DataArea.absent(image.name(), external);
    }
    DataCipher cipher = cipher(image, area, options);
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

  /// Refuses first what is missing and then what is wrong with the header, in QEMU's order.
  private static @Nullable DataCipher cipher(Storage image, HeaderArea area, Qcow2Options options)
      throws IOException {
    int method = area.header().cryptMethod();
    if (method == Header.CRYPT_NONE) {
      return null;
    }
    LuksExtension where = luksExtension(image, area);
    byte[] passphrase = options.keys().passphrase(image.name());
    if (passphrase == null) {
      throw new EncryptionException(
          Reason.KEY_REQUIRED,
          image.name(),
          "Parameter 'encrypt.key-secret' is required for cipher");
    }
    try {
      return where == null
          ? legacy(image, options, passphrase)
          : Luks.read(image, where.offset(), where.length()).unlock(passphrase);
    } finally {
      Arrays.fill(passphrase, (byte) 0);
    }
  }

  private static DataCipher legacy(Storage image, Qcow2Options options, byte[] passphrase)
      throws EncryptionException {
    if (!options.legacyAesWrites()) {
      if (options.writable()) {
        throw new EncryptionException(
            Reason.REFUSED,
            image.name(),
            "its encryption (AES) is only read, because it is weak; convert to an image with LUKS");
      }
      options
          .notices()
          .accept(
              "warning: "
                  + image.name()
                  + ": its encryption (AES) is weak and only kept for reading; convert to an image"
                  + " with LUKS");
    }
    return LegacyAes.unlock(passphrase);
  }

  /// The LUKS header of an image, checked; empty where the image has none.
  static Optional<Luks> luks(Storage image, HeaderArea area) throws IOException {
    LuksExtension extension = luksExtension(image, area);
    return extension == null
        ? Optional.empty()
        : Optional.of(Luks.read(image, extension.offset(), extension.length()));
  }

  private static @Nullable LuksExtension luksExtension(Storage image, HeaderArea area)
      throws ImageException {
    try {
      return area.luks().orElse(null);
    } catch (Qcow2FormatException e) {
      throw FormatErrors.named(image.name(), e);
    }
  }
}
