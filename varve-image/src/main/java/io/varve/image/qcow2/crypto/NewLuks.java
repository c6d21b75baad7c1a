// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import io.varve.image.EncryptionException;
import io.varve.image.EncryptionException.Reason;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/// A LUKS header for a new image. How long it gets is known before it is written, so that the image
/// can be laid out around it.
public final class NewLuks {
  private static final int FIRST_SLOT = 0;
  private static final int MASTER_SHARE = 8;

  private final LuksHeader plan;
  private final LuksOptions options;
  private final KeyWork work;

  private NewLuks(LuksHeader plan, LuksOptions options, KeyWork work) {
    this.plan = plan;
    this.options = options;
    this.work = work;
  }

  /// @param image its name, for the message
  /// @throws EncryptionException REFUSED where there is no such cipher, in QEMU's words
  public static NewLuks plan(String image, LuksOptions options, KeyWork work)
      throws EncryptionException {
    try {
      byte[] uuid = uuid(work.bytes(16)).getBytes(StandardCharsets.US_ASCII);
      byte[] salt = work.bytes(LuksSlot.SALT);
      return new NewLuks(LuksHeader.of(options.spec(), options.hash(), uuid, salt), options, work);
    } catch (EncryptionWords e) {
      throw e.about(image, Reason.REFUSED);
    }
  }

  /// Text of a random UUID, version 4 (RFC 9562).
  private static String uuid(byte[] random) {
    random[6] = (byte) (random[6] & 0x0f | 0x40);
    random[8] = (byte) (random[8] & 0x3f | 0x80);
    java.nio.ByteBuffer bits = java.nio.ByteBuffer.wrap(random);
    return new UUID(bits.getLong(), bits.getLong()).toString();
  }

  /// Bytes that the header needs, key material of all slots included.
  public long length() {
    return plan.length();
  }

  /// Makes a master key and writes the header with one slot; not flushed. The rest of the header's
  /// bytes in the file must be zero, or are left as they are.
  ///
  /// @param passphrase for the first slot; not kept, not changed
  public void writeTo(Storage image, long offset, byte[] passphrase) throws IOException {
    Region region = new Region(image, offset, plan.length());
    byte[] key = work.bytes(plan.keyBytes());
    try {
      int iterations =
          work.iterations(plan.hash(), LuksHeader.DIGEST, options.iterMillis(), MASTER_SHARE);
      LuksHeader header = plan.withDigest(new byte[LuksHeader.DIGEST], iterations);
      header = header.withDigest(MasterKey.digest(header, key), iterations);
      LuksSlot slot =
          header
              .slots()
              .get(FIRST_SLOT)
              .activated(
                  work.bytes(LuksSlot.SALT),
                  work.iterations(plan.hash(), plan.keyBytes(), options.iterMillis(), 1));
      header = header.withSlot(FIRST_SLOT, slot);
      region.write(slot.keyOffset(), MasterKey.material(header, slot, key, passphrase, work));
      region.write(0, header.encode());
    } catch (EncryptionWords e) {
      throw e.about(image.name(), Reason.REFUSED);
    } finally {
      MasterKey.wipe(key);
    }
  }
}
