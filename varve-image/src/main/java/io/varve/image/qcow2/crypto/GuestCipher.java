// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import io.varve.image.qcow2.io.DataCipher;
import java.util.Arrays;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/// Encrypts guest data with the master key. Each thread that is inside uses a cipher of its own;
/// they are kept for the next one.
final class GuestCipher implements DataCipher {
  private final CipherSpec spec;
  private final boolean byGuestOffset;
  private final byte[] key;
  private final ConcurrentLinkedQueue<SectorCipher> idle = new ConcurrentLinkedQueue<>();

  /// @param byGuestOffset sectors are numbered by where the guest sees them, else by the file
  /// @param key taken over, and overwritten on close
  GuestCipher(CipherSpec spec, boolean byGuestOffset, byte[] key) throws EncryptionWords {
    this.spec = spec;
    this.byGuestOffset = byGuestOffset;
    this.key = key;
    idle.add(new SectorCipher(spec, key));
  }

  @Override
  public void decrypt(long hostOffset, long guestOffset, byte[] data, int from, int length) {
    SectorCipher cipher = take();
    cipher.decrypt(sector(hostOffset, guestOffset), data, from, length);
    idle.add(cipher);
  }

  @Override
  public void encrypt(long hostOffset, long guestOffset, byte[] data, int from, int length) {
    SectorCipher cipher = take();
    cipher.encrypt(sector(hostOffset, guestOffset), data, from, length);
    idle.add(cipher);
  }

  private long sector(long hostOffset, long guestOffset) {
    return (byGuestOffset ? guestOffset : hostOffset) / SectorCipher.SECTOR;
  }

  private SectorCipher take() {
    @Nullable SectorCipher cipher = idle.poll();
    if (cipher != null) {
      return cipher;
    }
    try {
      return new SectorCipher(spec, key);
    } catch (EncryptionWords e) {
      throw new IllegalStateException("the same cipher was possible before", e);
    }
  }

  @Override
  public void close() {
    Arrays.fill(key, (byte) 0);
    idle.clear();
  }
}
