// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.EncryptionException;
import io.varve.image.EncryptionException.Reason;
import io.varve.image.qcow2.Qcow2KeySlots;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.crypto.KeySlots;
import io.varve.image.qcow2.crypto.KeyWork;
import io.varve.image.qcow2.crypto.LuksOptions;
import io.varve.img.ImgException;
import io.varve.img.create.CreateOptions;
import io.varve.img.open.Objects;
import io.varve.img.open.OpenedImage;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The part of an `amend` that adds a passphrase to an encrypted image or takes one away:
/// `encrypt.state=active,encrypt.new-secret=…` or `encrypt.state=inactive` with a slot or an old
/// secret. Secrets are named by their ids and overwritten after use.
final class KeySlotChange {
  private static final String[] OPTIONS = {
    "encrypt.state",
    "encrypt.new-secret",
    "encrypt.old-secret",
    "encrypt.keyslot",
    "encrypt.iter-time"
  };

  private final CreateOptions wanted;
  private final Objects objects;
  private final boolean force;

  /// @param force overwrite a slot that is in use; erase the last
  KeySlotChange(CreateOptions wanted, Objects objects, boolean force) {
    this.wanted = wanted;
    this.objects = objects;
    this.force = force;
  }

  private boolean isWanted() {
    for (String option : OPTIONS) {
      if (wanted.has(option)) {
        return true;
      }
    }
    return false;
  }

  /// Refuses what cannot be, before anything is changed.
  void requirePossible(Qcow2Layer layer) throws ImgException, IOException {
    if (isWanted() && layer.encryption().isEmpty()) {
      throw new ImgException("Can't amend encryption options - encryption not present");
    }
  }

  /// Makes the change that the options name; nothing where they name none.
  void apply(OpenedImage image) throws ImgException, IOException {
    if (!isWanted()) {
      return;
    }
    Qcow2Layer layer = (Qcow2Layer) image.top();
    String state = wanted.get("encrypt.state");
    if (state == null) {
      throw new ImgException("Parameter 'state' is missing");
    }
    boolean active = state.equals("active");
    if (!active && !state.equals("inactive")) {
      throw new ImgException("Parameter 'state' does not accept value '" + state + "'");
    }
    try {
      Qcow2KeySlots.change(
          layer,
          KeyWork.system(),
          slots -> {
            if (active) {
              activate(slots, String.valueOf(image.keySecret()));
            } else {
              erase(slots);
            }
          });
    } catch (EncryptionException e) {
      throw new ImgException(String.valueOf(e.words()));
    }
  }

  private void activate(KeySlots slots, String presentId) throws IOException {
    String added = wanted.get("encrypt.new-secret");
    if (added == null) {
      throw refused("'new-secret' is required to activate a keyslot");
    }
    if (wanted.has("encrypt.old-secret")) {
      throw refused("'old-secret' must not be given when activating keyslots");
    }
    long millis = wanted.number("encrypt.iter-time", LuksOptions.DEFAULT_ITER_MILLIS);
    byte[] fresh = secret(added);
    byte[] present = secret(presentId);
    try {
      slots.add(present, fresh, slot(), Math.max(1, millis), force);
    } finally {
      Arrays.fill(present, (byte) 0);
      Arrays.fill(fresh, (byte) 0);
    }
  }

  private void erase(KeySlots slots) throws IOException {
    if (wanted.has("encrypt.new-secret")) {
      throw refused("'new-secret' must not be given when erasing keyslots");
    }
    if (wanted.has("encrypt.iter-time")) {
      throw refused("'iter-time' must not be given when erasing keyslots");
    }
    String old = wanted.get("encrypt.old-secret");
    Integer slot = slot();
    byte[] passphrase = old == null ? null : secret(old);
    try {
      if (slot != null) {
        slots.erase(slot, passphrase, force);
      } else if (passphrase != null) {
        slots.eraseAll(passphrase, force);
      } else {
        throw refused(
            "To erase keyslot(s), either explicit keyslot index or the password currently contained"
                + " in them must be given");
      }
    } finally {
      if (passphrase != null) {
        Arrays.fill(passphrase, (byte) 0);
      }
    }
  }

  private static EncryptionException refused(String words) {
    return new EncryptionException(Reason.REFUSED, "amend", words);
  }

  private @Nullable Integer slot() {
    return wanted.has("encrypt.keyslot") ? (int) wanted.number("encrypt.keyslot", 0) : null;
  }

  private byte[] secret(String id) throws IOException {
    try {
      objects.requireText(id);
    } catch (ImgException e) {
      throw refused(e.text());
    }
    byte[] bytes = objects.secret(id);
    return bytes == null ? new byte[0] : bytes;
  }
}
