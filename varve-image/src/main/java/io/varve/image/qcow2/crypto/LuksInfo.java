// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a LUKS header says in the clear, as `qemu-img info` tells it.
///
/// @param ivHash null unless the generator is ESSIV
/// @param uuid as the header has it, not checked
/// @param payloadOffset length of the header with its key material, bytes
/// @param masterKeyIterations of the master key's digest
public record LuksInfo(
    CipherAlgorithm cipher,
    CipherMode mode,
    IvGenerator ivGenerator,
    @Nullable HashAlgorithm ivHash,
    HashAlgorithm hash,
    String uuid,
    long payloadOffset,
    long masterKeyIterations,
    List<Slot> slots) {

  /// A key slot.
  ///
  /// @param iterations 0 where it is not active
  /// @param stripes 0 where it is not active
  /// @param keyOffset of the key material from the start of the LUKS header, bytes
  public record Slot(boolean active, long iterations, long stripes, long keyOffset) {}

  static LuksInfo of(LuksHeader header) {
    CipherSpec spec = header.spec();
    int end = 0;
    while (end < header.uuid().length && header.uuid()[end] != 0) {
      end++;
    }
    List<Slot> slots =
        header.slots().stream()
            .map(slot ->
                slot.active()
                    ? new Slot(
                        true,
                        Integer.toUnsignedLong(slot.iterations()),
                        Integer.toUnsignedLong(slot.stripes()),
                        slot.keyOffset())
                    : new Slot(false, 0, 0, slot.keyOffset()))
            .toList();
    return new LuksInfo(
        spec.algorithm(),
        spec.mode(),
        spec.ivGenerator(),
        spec.ivGenerator() == IvGenerator.ESSIV ? spec.ivHash() : null,
        header.hash(),
        new String(header.uuid(), 0, end, StandardCharsets.UTF_8),
        header.length(),
        Integer.toUnsignedLong(header.digestIterations()),
        slots);
  }
}
