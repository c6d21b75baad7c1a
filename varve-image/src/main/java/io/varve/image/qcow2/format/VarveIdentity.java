// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What a layer says of itself in a header extension of its own, so that disks, snapshots and their
/// tree can be read back from a pool's files alone. QEMU keeps unknown extensions, so it survives
/// QEMU. The bytes are specified in `docs/format/varve-extension.md`.
///
/// @param layerId this file
/// @param parentId the layer that this one was laid upon, null for a disk's first layer
/// @param diskId the disk that this layer belongs to; a clone's first overlay carries the clone's
/// @param diskName 1 to [#MAX_NAME] bytes of UTF-8
/// @param snapshotName the snapshot that this frozen layer is, null unless the role is SNAPSHOT
/// @param snapshotId id of that snapshot, or null
/// @param createdEpochMillis when the layer was made, milliseconds since 1970 UTC
/// @param frozenEpochMillis when it was frozen, 0 while it takes writes
/// @param unknown further fields, kept byte for byte: [#origin()] where there are 16 bytes or more,
///   then a byte of flags ([#held()]); with 1 byte the flags alone
public record VarveIdentity(
    UUID layerId,
    @Nullable UUID parentId,
    UUID diskId,
    String diskName,
    Role role,
    @Nullable String snapshotName,
    @Nullable UUID snapshotId,
    long createdEpochMillis,
    long frozenEpochMillis,
    Bytes unknown) {

  /// "VARV".
  public static final int MAGIC = 0x56415256;

  /// Bytes of UTF-8 in the name of a disk or a snapshot.
  public static final int MAX_NAME = 127;

  private static final int ORIGIN_LENGTH = 16;
  private static final int HELD = 1;

  /// What the layer is to its disk. The order is that of the byte in the file.
  public enum Role {
    /// It takes the disk's writes.
    ACTIVE,
    /// Frozen, and reachable by a name.
    SNAPSHOT,
    /// Frozen, without a name; it stays because other layers read it.
    RETIRED
  }

  public VarveIdentity {
    requireName(diskName, "disk name");
    if (snapshotName != null) {
      requireName(snapshotName, "snapshot name");
    }
    if (unknown.length() > VarveIdentityCodec.MAX_UNKNOWN) {
      throw new IllegalArgumentException("too many unknown fields: " + unknown);
    }
  }

  private static void requireName(String name, String what) {
    int length = name.getBytes(StandardCharsets.UTF_8).length;
    if (length == 0 || length > MAX_NAME || name.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          what + " has 1 to " + MAX_NAME + " bytes without NUL: " + length);
    }
  }

  /// The identity of a layer that takes writes.
  public static VarveIdentity active(
      UUID layerId, @Nullable UUID parentId, UUID diskId, String diskName, long createdMillis) {
    return new VarveIdentity(
        layerId,
        parentId,
        diskId,
        diskName,
        Role.ACTIVE,
        null,
        null,
        createdMillis,
        0,
        Bytes.EMPTY);
  }

  /// The same layer, frozen as a snapshot.
  public VarveIdentity asSnapshot(String name, UUID id, long frozenMillis) {
    return with(parentId, Role.SNAPSHOT, name, id, frozenMillis);
  }

  /// The same layer, frozen, without a name.
  public VarveIdentity asRetired(long frozenMillis) {
    return with(parentId, Role.RETIRED, null, null, frozenMillis);
  }

  /// The same layer, taking writes.
  public VarveIdentity asActive() {
    return with(parentId, Role.ACTIVE, null, null, 0);
  }

  public VarveIdentity withParent(@Nullable UUID parent) {
    return with(parent, role, snapshotName, snapshotId, frozenEpochMillis);
  }

  public VarveIdentity withDisk(UUID id, String name) {
    return new VarveIdentity(
        layerId,
        parentId,
        id,
        name,
        role,
        snapshotName,
        snapshotId,
        createdEpochMillis,
        frozenEpochMillis,
        unknown);
  }

  /// The snapshot that this one is a copy of, as its sender called it; null where it is none.
  public @Nullable UUID origin() {
    if (role == Role.ACTIVE || unknown.length() < ORIGIN_LENGTH) {
      return null;
    }
    ByteBuffer bytes = unknown.buffer();
    return new UUID(bytes.getLong(), bytes.getLong());
  }

  /// The same layer as a copy of another snapshot.
  public VarveIdentity withOrigin(UUID origin) {
    return with(fields(origin, held()));
  }

  /// True for a snapshot that someone holds: it must not be deleted.
  public boolean held() {
    int length = unknown.length();
    return role == Role.SNAPSHOT
        && length % ORIGIN_LENGTH == 1
        && (unknown.buffer().get(length - 1) & HELD) != 0;
  }

  /// The same layer, held or not. Only a snapshot is held.
  public VarveIdentity withHeld(boolean held) {
    return held == held() ? this : with(fields(origin(), held));
  }

  private static Bytes fields(@Nullable UUID origin, boolean held) {
    ByteBuffer bytes = ByteBuffer.allocate((origin == null ? 0 : ORIGIN_LENGTH) + (held ? 1 : 0));
    if (origin != null) {
      bytes.putLong(origin.getMostSignificantBits()).putLong(origin.getLeastSignificantBits());
    }
    if (held) {
      bytes.put((byte) HELD);
    }
    return Bytes.of(bytes.array());
  }

  private VarveIdentity with(Bytes fields) {
    return new VarveIdentity(
        layerId,
        parentId,
        diskId,
        diskName,
        role,
        snapshotName,
        snapshotId,
        createdEpochMillis,
        frozenEpochMillis,
        fields);
  }

  private VarveIdentity with(
      @Nullable UUID parent,
      Role newRole,
      @Nullable String name,
      @Nullable UUID id,
      long frozenMillis) {
    return new VarveIdentity(
        layerId,
        parent,
        diskId,
        diskName,
        newRole,
        name,
        id,
        createdEpochMillis,
        frozenMillis,
        unknown);
  }

  /// Data of the extension.
  public Bytes encode() {
    return VarveIdentityCodec.encode(this);
  }

  /// @throws Qcow2FormatException CORRUPT (length, checksum, a value out of range), or UNSUPPORTED
  ///   for a version from after this program
  public static VarveIdentity decode(Bytes data) throws Qcow2FormatException {
    return VarveIdentityCodec.decode(data);
  }
}
