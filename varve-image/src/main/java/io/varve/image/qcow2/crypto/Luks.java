// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import io.varve.image.EncryptionException;
import io.varve.image.EncryptionException.Reason;
import io.varve.image.qcow2.io.DataCipher;
import io.varve.image.storage.Storage;
import java.io.IOException;

/// A LUKS header in an image's file, read and checked. Reading it needs no passphrase and runs no
/// key derivation, however many iterations it asks for.
public final class Luks {
  private final Region region;
  private final LuksHeader header;

  private Luks(Region region, LuksHeader header) {
    this.region = region;
    this.header = header;
  }

  /// @param offset of the LUKS header in the file
  /// @param length its length, unsigned, as the header extension has it
  /// @throws EncryptionException BAD_HEADER, in QEMU's words
  public static Luks read(Storage image, long offset, long length) throws IOException {
    Region region = new Region(image, offset, length);
    try {
      return new Luks(region, LuksHeader.parse(region.read(0, LuksHeader.LENGTH)));
    } catch (EncryptionWords e) {
      throw e.about(image.name(), Reason.BAD_HEADER);
    }
  }

  /// What the header says in the clear.
  public LuksInfo info() {
    return LuksInfo.of(header);
  }

  /// The cipher of the guest's data.
  ///
  /// @param passphrase not kept, not changed
  /// @throws EncryptionException WRONG_KEY if it opens no key slot
  public DataCipher unlock(byte[] passphrase) throws IOException {
    String name = region.storage().name();
    try {
      byte[] key = MasterKey.find(region, header, passphrase);
      if (key == null) {
        throw new EncryptionException(
            Reason.WRONG_KEY, name, "Invalid password, cannot unlock any keyslot");
      }
      return new GuestCipher(header.spec(), false, key);
    } catch (EncryptionWords e) {
      throw e.about(name, Reason.BAD_HEADER);
    }
  }

  Region region() {
    return region;
  }

  LuksHeader header() {
    return header;
  }
}
