// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.image.EncryptionException;
import io.varve.image.EncryptionException.Reason;
import io.varve.image.KeySource;
import io.varve.image.qcow2.format.Header;
import io.varve.image.storage.Storage;
import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The `encrypt.…` options with which a qcow2 image is opened. What they say is held against the
/// image; for an image that is not encrypted all but `format` is of no effect.
///
/// @param keySecret id of the secret with the passphrase
/// @param format `aes` or `luks` where it was said
/// @param unknown an option that there is not
record EncryptRequest(
    @Nullable String keySecret, @Nullable String format, @Nullable String unknown) {
  private static final int METHOD_AT = 32;

  /// @param telling gets what changes what is read
  static EncryptRequest take(OptionTree options, Map<String, String> telling) {
    OptionTree own = options.takeBranch("encrypt");
    String secret = own.take("key-secret");
    if (secret != null) {
      telling.put("encrypt.key-secret", secret);
    }
    String format = own.take("format");
    if (format != null) {
      telling.put("encrypt.format", format);
    }
    return new EncryptRequest(secret, format, own.firstKey());
  }

  /// @throws ImgException if the image is not encrypted as the options say
  void requireFits(Storage image) throws ImgException, IOException {
    if (format == null && unknown == null) {
      return;
    }
    ByteBuffer bytes = ByteBuffer.allocate(METHOD_AT + Integer.BYTES);
    image.read(0, bytes);
    int method = bytes.getInt(METHOD_AT);
    if (method == Header.CRYPT_NONE) {
      if (format != null) {
        throw new ImgException(
            "No encryption in image header, but options specified format '" + format + "'");
      }
      return;
    }
    String found = method == Header.CRYPT_AES ? "aes" : "luks";
    if (format != null && !format.equals(found)) {
      throw new ImgException(
          "Header reported '" + found + "' encryption format but options specify '" + format + "'");
    }
    if (unknown != null) {
      throw new ImgException("Parameter '" + unknown + "' is unexpected");
    }
  }

  /// Gives the passphrase, or says why there is none.
  KeySource keys(Objects objects) {
    return image -> {
      if (keySecret == null) {
        return null;
      }
      try {
        objects.requireText(keySecret);
      } catch (ImgException e) {
        throw new EncryptionException(Reason.KEY_REQUIRED, image, e.text());
      }
      return objects.secret(keySecret);
    };
  }
}
