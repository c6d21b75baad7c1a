// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The 592 bytes at the start of a LUKS version 1 header; see the package for the layout. Parsing
/// checks them in QEMU's order and refuses in QEMU's words, because platforms compare both.
///
/// @param digestIterations unsigned
/// @param payloadSector length of the whole header, sectors, unsigned
record LuksHeader(
    CipherSpec spec,
    HashAlgorithm hash,
    int payloadSector,
    int keyBytes,
    byte[] digest,
    byte[] digestSalt,
    int digestIterations,
    byte[] uuid,
    List<LuksSlot> slots) {
  static final int LENGTH = 592;
  static final int SLOTS = 8;
  static final int DIGEST = 20;

  private static final byte[] MAGIC = {'L', 'U', 'K', 'S', (byte) 0xba, (byte) 0xbe};
  private static final int NAME = 32;
  private static final int UUID = 40;

  /// The first key material lies behind the header, rounded up.
  private static final int FIRST_KEY_SECTOR = 8;

  private static final int KEY_ALIGNMENT = 8;

  /// Lays out a header for a new image, all slots inactive.
  static LuksHeader of(CipherSpec spec, HashAlgorithm hash, byte[] uuid, byte[] digestSalt)
      throws EncryptionWords {
    spec.requirePossible();
    int bytes = spec.keyBytes();
    if ((long) bytes * LuksSlot.STRIPES % SectorCipher.SECTOR != 0) {
      // QEMU's own assertion fails here and it writes nothing: no such image exists.
      throw new EncryptionWords(
          "Cipher %s with mode %s is not possible in LUKS: its key material does not fill sectors"
              .formatted(spec.algorithm().text(), spec.mode().text()));
    }
    List<LuksSlot> slots = new ArrayList<>();
    for (int i = 0; i < SLOTS; i++) {
      int sector = FIRST_KEY_SECTOR + i * keySectors(bytes);
      slots.add(
          new LuksSlot(LuksSlot.INACTIVE, 0, new byte[LuksSlot.SALT], sector, LuksSlot.STRIPES));
    }
    int payload = FIRST_KEY_SECTOR + SLOTS * keySectors(bytes);
    return new LuksHeader(spec, hash, payload, bytes, new byte[DIGEST], digestSalt, 0, uuid, slots);
  }

  /// Sectors of one slot's key material. Wraps around like QEMU's for a hostile key length; what
  /// wraps is refused by the checks or finds no cipher.
  private static int keySectors(int keyBytes) {
    long bytes = (keyBytes & 0xffff_ffffL) * LuksSlot.STRIPES;
    long sectors = (bytes + SectorCipher.SECTOR - 1) / SectorCipher.SECTOR;
    return (int) ((sectors + KEY_ALIGNMENT - 1) & -KEY_ALIGNMENT);
  }

  static LuksHeader parse(byte[] bytes) throws EncryptionWords {
    ByteBuffer in = ByteBuffer.wrap(bytes, 0, LENGTH);
    byte[] magic = take(in, MAGIC.length);
    require(Arrays.equals(magic, MAGIC), "Volume is not in LUKS format");
    int version = in.getShort() & 0xffff;
    require(version == 1, "LUKS version " + version + " is not supported");
    String name = text(in, "cipher name");
    String mode = text(in, "cipher mode");
    String hash = text(in, "hash spec");
    int payload = in.getInt();
    int keyBytes = in.getInt();
    byte[] digest = take(in, DIGEST);
    byte[] digestSalt = take(in, LuksSlot.SALT);
    int iterations = in.getInt();
    byte[] uuid = take(in, UUID);
    List<LuksSlot> slots = new ArrayList<>();
    for (int i = 0; i < SLOTS; i++) {
      slots.add(LuksSlot.read(in));
    }
    require(
        Integer.compareUnsigned(payload, FIRST_KEY_SECTOR) >= 0,
        "LUKS payload is overlapping with the header");
    require(iterations != 0, "LUKS key iteration count is zero");
    checkSlots(slots, keySectors(keyBytes), payload);
    int dash = mode.indexOf('-');
    require(dash >= 0, "Unexpected cipher mode string format '" + mode + "'");
    String generator = mode.substring(dash + 1);
    int colon = generator.indexOf(':');
    HashAlgorithm ivHash = colon < 0 ? null : hash(generator.substring(colon + 1));
    generator = colon < 0 ? generator : generator.substring(0, colon);
    CipherMode cipherMode = mode(mode.substring(0, dash));
    CipherAlgorithm cipher = cipher(name, cipherMode, keyBytes);
    HashAlgorithm keyHash = hash(hash);
    CipherSpec spec = new CipherSpec(cipher, cipherMode, generator(generator), ivHash);
    if (spec.ivGenerator() == IvGenerator.ESSIV) {
      require(ivHash != null, "Missing IV generator hash specification");
      spec.ivCipher();
    }
    return new LuksHeader(
        spec, keyHash, payload, keyBytes, digest, digestSalt, iterations, uuid, slots);
  }

  private static void checkSlots(List<LuksSlot> slots, int length, int payload)
      throws EncryptionWords {
    for (int i = 0; i < SLOTS; i++) {
      LuksSlot slot = slots.get(i);
      int start = slot.keySector();
      int end = start + length;
      require(
          slot.stripes() == LuksSlot.STRIPES,
          "Keyslot %d is corrupted (stripes %d != %d)"
              .formatted(i, slot.stripes(), LuksSlot.STRIPES));
      require(
          Integer.compareUnsigned(start, FIRST_KEY_SECTOR) >= 0,
          "Keyslot " + i + " is overlapping with the LUKS header");
      require(
          slot.active() || slot.state() == LuksSlot.INACTIVE,
          "Keyslot " + i + " state (active/disable) is corrupted");
      require(
          !slot.active() || slot.iterations() != 0, "Keyslot " + i + " iteration count is zero");
      require(
          Integer.compareUnsigned(end, payload) <= 0,
          "Keyslot " + i + " is overlapping with the encrypted payload");
      for (int j = i + 1; j < SLOTS; j++) {
        int other = slots.get(j).keySector();
        require(
            Integer.compareUnsigned(end, other) <= 0
                || Integer.compareUnsigned(other + length, start) <= 0,
            "Keyslots " + i + " and " + j + " are overlapping in the header");
      }
    }
  }

  private static CipherMode mode(String name) throws EncryptionWords {
    CipherMode mode = CipherMode.named(name);
    if (mode == null) {
      throw new EncryptionWords("Cipher mode '" + name + "' not supported");
    }
    return mode;
  }

  private static HashAlgorithm hash(String name) throws EncryptionWords {
    HashAlgorithm hash = HashAlgorithm.named(name);
    if (hash == null) {
      throw new EncryptionWords("Hash algorithm '" + name + "' not supported");
    }
    return hash;
  }

  private static IvGenerator generator(String name) throws EncryptionWords {
    IvGenerator generator = IvGenerator.named(name);
    if (generator == null) {
      throw new EncryptionWords("IV generator '" + name + "' not supported");
    }
    return generator;
  }

  private static CipherAlgorithm cipher(String name, CipherMode mode, int keyBytes)
      throws EncryptionWords {
    int bytes = mode == CipherMode.XTS ? Integer.divideUnsigned(keyBytes, 2) : keyBytes;
    CipherAlgorithm cipher = CipherAlgorithm.ofLuks(name, bytes);
    if (cipher == null) {
      throw new EncryptionWords(
          "Algorithm '%s' with key size %d bytes not supported".formatted(name, bytes));
    }
    return cipher;
  }

  private static void require(boolean holds, String words) throws EncryptionWords {
    if (!holds) {
      throw new EncryptionWords(words);
    }
  }

  private static byte[] take(ByteBuffer in, int length) {
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }

  private static String text(ByteBuffer in, String what) throws EncryptionWords {
    byte[] field = take(in, NAME);
    for (int i = 0; i < NAME; i++) {
      if (field[i] == 0) {
        return new String(field, 0, i, StandardCharsets.UTF_8);
      }
    }
    throw new EncryptionWords("LUKS header " + what + " is not NUL terminated");
  }

  byte[] encode() {
    ByteBuffer out = ByteBuffer.allocate(LENGTH);
    out.put(MAGIC).putShort((short) 1);
    put(out, Objects.requireNonNull(spec.algorithm().family()).luksName);
    put(out, modeText(spec));
    put(out, hash.text());
    out.putInt(payloadSector).putInt(keyBytes).put(digest).put(digestSalt);
    out.putInt(digestIterations).put(Arrays.copyOf(uuid, UUID));
    slots.forEach(slot -> slot.write(out));
    return out.array();
  }

  private static String modeText(CipherSpec spec) {
    @Nullable HashAlgorithm ivHash = spec.ivHash();
    String text = spec.mode().text() + "-" + spec.ivGenerator().text();
    return ivHash == null ? text : text + ":" + ivHash.text();
  }

  private static void put(ByteBuffer out, String name) {
    out.put(Arrays.copyOf(name.getBytes(StandardCharsets.US_ASCII), NAME));
  }

  /// Bytes of the whole header, key material included.
  long length() {
    return (payloadSector & 0xffff_ffffL) * SectorCipher.SECTOR;
  }

  /// Bytes of one slot's key material.
  int materialBytes() {
    return keyBytes * LuksSlot.STRIPES;
  }

  int activeSlots() {
    return (int) slots.stream().filter(LuksSlot::active).count();
  }

  LuksHeader withDigest(byte[] newDigest, int iterations) {
    return new LuksHeader(
        spec, hash, payloadSector, keyBytes, newDigest, digestSalt, iterations, uuid, slots);
  }

  LuksHeader withSlot(int index, LuksSlot slot) {
    List<LuksSlot> changed = new ArrayList<>(slots);
    changed.set(index, slot);
    return new LuksHeader(
        spec,
        hash,
        payloadSector,
        keyBytes,
        digest,
        digestSalt,
        digestIterations,
        uuid,
        List.copyOf(changed));
  }
}
