// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import static io.varve.image.qcow2.format.Qcow2FormatException.corrupt;
import static io.varve.image.qcow2.format.Qcow2FormatException.truncated;

import io.varve.image.qcow2.format.VarveIdentity.Role;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// Bytes of the identity extension, version 1. All integers are big endian.
///
/// | bytes | field |
/// |---|---|
/// | 0 | version, 1 |
/// | 1 | role: 0 active, 1 snapshot, 2 retired |
/// | 2-3 | length L of the content, checksum included |
/// | 4-19 | layer id |
/// | 20-35 | parent id, 0: none |
/// | 36-51 | disk id |
/// | 52-67 | snapshot id, 0: none |
/// | 68-75 | created, milliseconds since 1970 UTC |
/// | 76-83 | frozen, likewise, 0: takes writes |
/// | 84 | D, length of the disk name, 1 to 127 |
/// | 85 | S, length of the snapshot name, 0 to 127; 0: none |
/// | 86.. | disk name, snapshot name: UTF-8 |
/// | .. L-5 | fields of a later minor version, kept |
/// | L-4 .. L-1 | CRC32C of bytes 0 to L-5 |
/// | L .. | zeros |
final class VarveIdentityCodec {
  /// Room that every identity takes: a role, a name and a time then change inside one sector, and
  /// nothing behind the extension moves.
  static final int RESERVED = 256;

  /// Header (112), backing format (16), this (8 and 368), end marker (8): one sector of 512 bytes.
  static final int MAX_LENGTH = 368;

  static final int MAX_UNKNOWN = 17;

  private static final String STRUCTURE = "Varve header extension";
  private static final int VERSION = 1;
  private static final int FIXED = 86;
  private static final int CHECKSUM = 4;
  private static final UUID NONE = new UUID(0, 0);

  private VarveIdentityCodec() {}

  static Bytes encode(VarveIdentity identity) {
    Bytes disk = Bytes.utf8(identity.diskName());
    String snapshotName = identity.snapshotName();
    Bytes snapshot = snapshotName == null ? Bytes.EMPTY : Bytes.utf8(snapshotName);
    int checked = FIXED + disk.length() + snapshot.length() + identity.unknown().length();
    int length = checked + CHECKSUM;
    ByteBuffer out = ByteBuffer.allocate(Math.max(RESERVED, HeaderExtension.padded(length)));
    out.put((byte) VERSION).put((byte) identity.role().ordinal()).putShort((short) length);
    put(out, identity.layerId());
    put(out, identity.parentId());
    put(out, identity.diskId());
    put(out, identity.snapshotId());
    out.putLong(identity.createdEpochMillis()).putLong(identity.frozenEpochMillis());
    out.put((byte) disk.length()).put((byte) snapshot.length());
    disk.putTo(out);
    snapshot.putTo(out);
    identity.unknown().putTo(out);
    out.putInt(checksum(out, checked));
    return Bytes.of(out.array());
  }

  static VarveIdentity decode(Bytes data) throws Qcow2FormatException {
    ByteBuffer in = data.buffer();
    if (in.limit() < FIXED + CHECKSUM) {
      throw truncated(STRUCTURE, 0, FIXED + CHECKSUM, in.limit());
    }
    int version = in.get(0) & 0xff;
    if (version != VERSION) {
      throw Qcow2FormatException.unsupported(
          STRUCTURE, 0, "version " + version + " comes from a later Varve; use that one");
    }
    int length = in.getShort(2) & 0xffff;
    if (length < FIXED + CHECKSUM || length > Math.min(MAX_LENGTH, in.limit())) {
      throw corrupt(STRUCTURE, 2, "length", "90 to " + Math.min(MAX_LENGTH, in.limit()), length);
    }
    int checked = length - CHECKSUM;
    int checksum = checksum(in, checked);
    if (in.getInt(checked) != checksum) {
      throw corrupt(
          STRUCTURE,
          checked,
          "checksum",
          Integer.toHexString(checksum),
          Integer.toHexString(in.getInt(checked)));
    }
    return decodeFields(in, checked);
  }

  private static VarveIdentity decodeFields(ByteBuffer in, int checked)
      throws Qcow2FormatException {
    int role = in.get(1) & 0xff;
    if (role >= Role.values().length) {
      throw corrupt(STRUCTURE, 1, "role", "0 to " + (Role.values().length - 1), role);
    }
    int diskLength = in.get(84) & 0xff;
    int snapshotLength = in.get(85) & 0xff;
    int unknown = checked - FIXED - diskLength - snapshotLength;
    if (unknown < 0 || unknown > MAX_UNKNOWN) {
      throw corrupt(STRUCTURE, 84, "length of names and fields", "0 to " + MAX_UNKNOWN, unknown);
    }
    ByteBuffer names = in.duplicate().position(FIXED);
    String disk = name(Bytes.take(names, diskLength), FIXED);
    String snapshot =
        snapshotLength == 0 ? null : name(Bytes.take(names, snapshotLength), FIXED + diskLength);
    return new VarveIdentity(
        uuid(in, 4),
        optionalUuid(in, 20),
        uuid(in, 36),
        disk,
        Role.values()[role],
        snapshot,
        optionalUuid(in, 52),
        in.getLong(68),
        in.getLong(76),
        Bytes.take(names, unknown));
  }

  private static String name(Bytes bytes, int at) throws Qcow2FormatException {
    String name = bytes.asName();
    if (name == null || name.isEmpty() || bytes.length() > VarveIdentity.MAX_NAME) {
      throw corrupt(STRUCTURE, at, "name", "1 to 127 bytes of UTF-8 without NUL", bytes);
    }
    return name;
  }

  private static int checksum(ByteBuffer content, int length) {
    CRC32C crc = new CRC32C();
    crc.update(content.duplicate().position(0).limit(length));
    return (int) crc.getValue();
  }

  private static void put(ByteBuffer out, @Nullable UUID id) {
    UUID stored = id == null ? NONE : id;
    out.putLong(stored.getMostSignificantBits()).putLong(stored.getLeastSignificantBits());
  }

  private static UUID uuid(ByteBuffer in, int at) {
    return new UUID(in.getLong(at), in.getLong(at + 8));
  }

  private static @Nullable UUID optionalUuid(ByteBuffer in, int at) {
    UUID id = uuid(in, at);
    return id.equals(NONE) ? null : id;
  }
}
