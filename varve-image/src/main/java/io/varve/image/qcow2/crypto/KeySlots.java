// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import io.varve.image.EncryptionException;
import io.varve.image.EncryptionException.Reason;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Adds passphrases to a LUKS header and takes them away.
///
/// **Crashes.** Key material is durable before its slot is marked active, and a slot is durably
/// inactive before its material is overwritten. The header is written in its two sectors, that with
/// a slot's state last when it becomes active and first when it becomes inactive, so that a slot
/// whose fields lie in both is never active with half of them. At every moment each slot opens as
/// before, or as after, or is inactive.
///
/// **Threads.** One at a time, with the layer's exclusive lock.
public final class KeySlots {
  private static final int FIRST_SECTOR = SectorCipher.SECTOR;

  private final Region region;
  private final KeyWork work;
  private LuksHeader header;

  public KeySlots(Luks luks, KeyWork work) {
    this.region = luks.region();
    this.header = luks.header();
    this.work = work;
  }

  /// Makes a passphrase open the image; durable on return.
  ///
  /// @param present a passphrase that opens it now; none of them is kept or changed
  /// @param slot which slot, null for the first free one
  /// @param iterMillis time that trying one passphrase shall take here, milliseconds
  /// @param force overwrite an active slot; until the new one is in place, it opens nothing
  /// @return the slot
  /// @throws EncryptionException REFUSED or WRONG_KEY, in QEMU's words
  public int add(
      byte[] present, byte[] added, @Nullable Integer slot, long iterMillis, boolean force)
      throws IOException {
    byte @Nullable [] key = null;
    try {
      int index = slot != null ? requireSlot(slot) : freeSlot();
      if (!force && header.slots().get(index).active()) {
        throw new EncryptionWords(
            "Refusing to overwrite active keyslot " + index + " - please erase it first");
      }
      key = MasterKey.find(region, header, present);
      if (key == null) {
        throw new EncryptionException(
            Reason.WRONG_KEY,
            region.storage().name(),
            "Invalid password, cannot unlock any keyslot");
      }
      int iterations = work.iterations(header.hash(), header.keyBytes(), iterMillis, 1);
      LuksSlot next = header.slots().get(index).activated(work.bytes(LuksSlot.SALT), iterations);
      byte[] material = MasterKey.material(header, next, key, added, work);
      if (header.slots().get(index).active()) {
        deactivate(index);
      }
      region.write(next.keyOffset(), material);
      region.flush();
      LuksHeader changed = header.withSlot(index, next);
      byte[] bytes = changed.encode();
      region.write(FIRST_SECTOR, Arrays.copyOfRange(bytes, FIRST_SECTOR, bytes.length));
      region.flush();
      region.write(0, Arrays.copyOf(bytes, FIRST_SECTOR));
      region.flush();
      header = changed;
      return index;
    } catch (EncryptionWords e) {
      throw refused(e);
    } finally {
      MasterKey.wipe(key);
    }
  }

  /// Erases one slot; durable on return.
  ///
  /// @param passphrase if given, it must be the one that opens this slot
  /// @param force also the last active slot, after which nobody can read the image
  public void erase(int slot, byte @Nullable [] passphrase, boolean force) throws IOException {
    try {
      requireSlot(slot);
      if (passphrase != null && !opens(slot, passphrase)) {
        throw new EncryptionWords(
            "Given keyslot %d doesn't contain the given old password for erase operation"
                .formatted(slot));
      }
      if (!force && !header.slots().get(slot).active()) {
        throw new EncryptionWords("Given keyslot " + slot + " is already erased (inactive) ");
      }
      if (!force && header.activeSlots() == 1) {
        throw new EncryptionWords(
            "Attempt to erase the only active keyslot %d which will erase all the data in the image irreversibly - refusing operation"
                .formatted(slot));
      }
      wipeSlot(slot);
    } catch (EncryptionWords e) {
      throw refused(e);
    }
  }

  /// Erases every slot that the passphrase opens; durable on return.
  ///
  /// @param force also if these are all active slots
  /// @return the slots
  public List<Integer> eraseAll(byte[] passphrase, boolean force) throws IOException {
    try {
      List<Integer> found = new ArrayList<>();
      for (int slot = 0; slot < LuksHeader.SLOTS; slot++) {
        if (opens(slot, passphrase)) {
          found.add(slot);
        }
      }
      if (found.isEmpty()) {
        throw new EncryptionWords("No keyslots match given (old) password for erase operation");
      }
      if (!force && found.size() == header.activeSlots()) {
        throw new EncryptionWords(
            "All the active keyslots match the (old) password that was given and erasing them will"
                + " erase all the data in the image irreversibly - refusing operation");
      }
      for (int slot : found) {
        wipeSlot(slot);
      }
      return found;
    } catch (EncryptionWords e) {
      throw refused(e);
    }
  }

  private void wipeSlot(int index) throws IOException, EncryptionWords {
    LuksSlot slot = header.slots().get(index);
    deactivate(index);
    region.write(slot.keyOffset(), work.bytes(header.materialBytes()));
    region.flush();
  }

  private void deactivate(int index) throws IOException, EncryptionWords {
    LuksHeader changed = header.withSlot(index, header.slots().get(index).erased());
    byte[] bytes = changed.encode();
    region.write(0, Arrays.copyOf(bytes, FIRST_SECTOR));
    region.flush();
    region.write(FIRST_SECTOR, Arrays.copyOfRange(bytes, FIRST_SECTOR, bytes.length));
    region.flush();
    header = changed;
  }

  private boolean opens(int slot, byte[] passphrase) throws IOException, EncryptionWords {
    byte[] key = MasterKey.fromSlot(region, header, slot, passphrase);
    MasterKey.wipe(key);
    return key != null;
  }

  private static int requireSlot(int slot) throws EncryptionWords {
    if (slot < 0 || slot >= LuksHeader.SLOTS) {
      throw new EncryptionWords(
          "Invalid keyslot %d specified, must be between 0 and %d"
              .formatted(slot, LuksHeader.SLOTS - 1));
    }
    return slot;
  }

  private int freeSlot() throws EncryptionWords {
    for (int slot = 0; slot < LuksHeader.SLOTS; slot++) {
      if (!header.slots().get(slot).active()) {
        return slot;
      }
    }
    throw new EncryptionWords("Can't add a keyslot - all keyslots are in use");
  }

  private EncryptionException refused(EncryptionWords e) {
    return e.about(region.storage().name(), Reason.REFUSED);
  }
}
