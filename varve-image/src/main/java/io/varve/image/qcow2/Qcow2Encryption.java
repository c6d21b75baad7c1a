// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.qcow2.crypto.Luks;
import io.varve.image.qcow2.crypto.LuksInfo;
import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.format.HeaderArea;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// How the guest data of an image is encrypted.
///
/// @param format `luks` or `aes`
/// @param luks what a LUKS header says in the clear; null for `aes`
public record Qcow2Encryption(String format, @Nullable LuksInfo luks) {
  static Optional<Qcow2Encryption> of(Storage storage, HeaderArea area) throws IOException {
    if (area.header().cryptMethod() == Header.CRYPT_AES) {
      return Optional.of(new Qcow2Encryption("aes", null));
    }
    return DataAreas.luks(storage, area)
        .map(Luks::info)
        .map(info -> new Qcow2Encryption("luks", info));
  }
}
