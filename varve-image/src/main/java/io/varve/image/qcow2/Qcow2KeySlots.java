// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.EncryptionException;
import io.varve.image.EncryptionException.Reason;
import io.varve.image.ReadOnlyImageException;
import io.varve.image.qcow2.crypto.KeySlots;
import io.varve.image.qcow2.crypto.KeyWork;
import io.varve.image.qcow2.crypto.Luks;
import java.io.IOException;

/// Changes the passphrases of an encrypted image, under the layer's exclusive lock.
public final class Qcow2KeySlots {
  private Qcow2KeySlots() {}

  /// A change of key slots; durable when it returns.
  @FunctionalInterface
  public interface Change {
    void on(KeySlots slots) throws IOException;
  }

  /// @throws ReadOnlyImageException if the layer is not open for writing
  /// @throws EncryptionException if the image is not encrypted with LUKS, or refuses the change
  public static void change(Qcow2Layer layer, KeyWork work, Change change) throws IOException {
    if (!layer.writable()) {
      throw new ReadOnlyImageException(
          layer.name() + ": the layer is open read-only; open it for writing to change it");
    }
    layer.lock().writeLock().lock();
    try {
      Luks luks =
          DataAreas.luks(layer.storage(), layer.area())
              .orElseThrow(() ->
                  new EncryptionException(
                      Reason.REFUSED, layer.name(), "Only LUKS encryption options can be amended"));
      change.on(new KeySlots(luks, work));
    } finally {
      layer.lock().writeLock().unlock();
    }
  }
}
