// SPDX-License-Identifier: Apache-2.0
package io.varve.img.info;

import io.varve.image.qcow2.Qcow2Encryption;
import io.varve.image.qcow2.crypto.LuksInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The `encrypt` part of the format specific information, in QEMU's order of keys.
final class EncryptionFields {
  private EncryptionFields() {}

  static Map<String, Object> of(Qcow2Encryption encryption) {
    Map<String, Object> fields = new LinkedHashMap<>();
    LuksInfo luks = encryption.luks();
    if (luks == null) {
      fields.put("format", encryption.format());
      return fields;
    }
    fields.put("ivgen-alg", luks.ivGenerator().text());
    fields.put("detached-header", false);
    fields.put("hash-alg", luks.hash().text());
    fields.put("cipher-alg", luks.cipher().text());
    fields.put("uuid", luks.uuid());
    if (luks.ivHash() != null) {
      fields.put("ivgen-hash-alg", luks.ivHash().text());
    }
    fields.put("format", encryption.format());
    fields.put("cipher-mode", luks.mode().text());
    fields.put("slots", slots(luks));
    fields.put("payload-offset", luks.payloadOffset());
    fields.put("master-key-iters", luks.masterKeyIterations());
    return fields;
  }

  private static List<Object> slots(LuksInfo luks) {
    List<Object> slots = new ArrayList<>();
    for (LuksInfo.Slot slot : luks.slots()) {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("active", slot.active());
      if (slot.active()) {
        fields.put("iters", slot.iterations());
      }
      fields.put("key-offset", slot.keyOffset());
      if (slot.active()) {
        fields.put("stripes", slot.stripes());
      }
      slots.add(fields);
    }
    return slots;
  }
}
