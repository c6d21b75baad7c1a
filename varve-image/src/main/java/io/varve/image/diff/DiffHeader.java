// SPDX-License-Identifier: Apache-2.0
package io.varve.image.diff;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What the first record of a stream says: which difference this is. `docs/format/diff-stream.md`
/// has the bytes.
///
/// @param fromSize bytes of the base, 0 where there is none
/// @param toSize bytes of the result, a positive multiple of 512
/// @param hasBase false: the ranges are put on an empty disk
/// @param fromId of the snapshot that the ranges are put on, null where it has none
/// @param toId of the snapshot that they lead to, null where it is a disk that goes on changing
/// @param baseDigest of the base's content, null where the sender did not compute it
/// @param digestFollows the end of the stream carries the digest of the result
/// @param createdMillis when the result was taken, since the epoch
/// @param foretold what the stream holds at most; for progress
/// @param disk name at the sender
/// @param fromName of the snapshot, empty where there is none
/// @param toName likewise
public record DiffHeader(
    long fromSize,
    long toSize,
    boolean hasBase,
    @Nullable UUID fromId,
    @Nullable UUID toId,
    byte @Nullable [] baseDigest,
    boolean digestFollows,
    long createdMillis,
    DiffTotals foretold,
    String disk,
    String fromName,
    String toName) {
  /// Bytes of UTF-8 in a name.
  static final int MAX_NAME = 127;

  static final int VERSION = 1;
  static final int FIXED = 8 + 16 + 32 + DiskDigest.LENGTH + 8 + 24;
  static final int LONGEST = FIXED + 3 * (1 + MAX_NAME);

  private static final int HAS_BASE = 1;
  private static final int BASE_DIGEST = 2;
  private static final int RESULT_DIGEST = 4;
  private static final int KNOWN = HAS_BASE | BASE_DIGEST | RESULT_DIGEST;
  private static final int SECTOR = 512;
  private static final UUID NONE = new UUID(0, 0);

  ByteBuffer encode() {
    ByteBuffer to = ByteBuffer.allocate(LONGEST);
    int flags =
        (hasBase ? HAS_BASE : 0)
            | (baseDigest != null ? BASE_DIGEST : 0)
            | (digestFollows ? RESULT_DIGEST : 0);
    to.putShort((short) VERSION).putShort((short) flags).putInt(0);
    to.putLong(fromSize).putLong(toSize);
    put(to, fromId);
    put(to, toId);
    to.put(baseDigest == null ? new byte[DiskDigest.LENGTH] : baseDigest);
    to.putLong(createdMillis);
    to.putLong(foretold.ranges()).putLong(foretold.dataBytes()).putLong(foretold.zeroBytes());
    put(to, disk);
    put(to, fromName);
    put(to, toName);
    return to.flip();
  }

  private static void put(ByteBuffer to, @Nullable UUID id) {
    UUID some = id == null ? NONE : id;
    to.putLong(some.getMostSignificantBits()).putLong(some.getLeastSignificantBits());
  }

  private static void put(ByteBuffer to, String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > MAX_NAME) {
      throw new IllegalArgumentException("a name has at most " + MAX_NAME + " bytes: " + name);
    }
    to.put((byte) bytes.length).put(bytes);
  }

  static DiffHeader decode(ByteBuffer in) throws DiffStreamException {
    if (in.remaining() < FIXED + 3) {
      throw bad("it has " + in.remaining() + " bytes, expected at least " + (FIXED + 3));
    }
    int version = in.getShort() & 0xffff;
    if (version != VERSION) {
      throw bad("its version is " + version + ", expected " + VERSION);
    }
    int flags = in.getShort() & 0xffff;
    if ((flags & ~KNOWN) != 0 || in.getInt() != 0) {
      throw bad("it has flags that this version does not know: 0x" + Integer.toHexString(flags));
    }
    boolean hasBase = (flags & HAS_BASE) != 0;
    long fromSize = in.getLong();
    long toSize = in.getLong();
    requireSizes(hasBase, fromSize, toSize);
    UUID fromId = id(in);
    UUID toId = id(in);
    byte[] digest = new byte[DiskDigest.LENGTH];
    in.get(digest);
    long created = in.getLong();
    DiffTotals foretold = foretold(in.getLong(), in.getLong(), in.getLong(), toSize);
    DiffHeader header =
        new DiffHeader(
            fromSize,
            toSize,
            hasBase,
            fromId,
            toId,
            (flags & BASE_DIGEST) == 0 ? null : digest,
            (flags & RESULT_DIGEST) != 0,
            created,
            foretold,
            name(in),
            name(in),
            name(in));
    if (in.hasRemaining()) {
      throw bad(in.remaining() + " bytes follow its last name, expected none");
    }
    return header;
  }

  private static void requireSizes(boolean hasBase, long fromSize, long toSize)
      throws DiffStreamException {
    boolean base = hasBase ? fromSize > 0 && fromSize % SECTOR == 0 : fromSize == 0;
    if (!base || toSize <= 0 || toSize % SECTOR != 0) {
      throw bad(
          "its sizes are %d and %d, expected multiples of %d above zero"
              .formatted(fromSize, toSize, SECTOR));
    }
  }

  private static DiffTotals foretold(long ranges, long data, long zero, long size)
      throws DiffStreamException {
    if (ranges < 0 || data < 0 || zero < 0 || data > size || zero > size - data) {
      throw bad("it foretells more than the disk's " + size + " bytes");
    }
    return new DiffTotals(ranges, data, zero);
  }

  private static @Nullable UUID id(ByteBuffer in) {
    UUID id = new UUID(in.getLong(), in.getLong());
    return id.equals(NONE) ? null : id;
  }

  private static String name(ByteBuffer in) throws DiffStreamException {
    int length = in.hasRemaining() ? in.get() & 0xff : MAX_NAME + 1;
    if (length > MAX_NAME || length > in.remaining()) {
      throw bad("a name is longer than its room");
    }
    ByteBuffer bytes = in.slice(in.position(), length);
    in.position(in.position() + length);
    String name;
    try {
      name = StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException _) {
      throw bad("a name is not UTF-8");
    }
    for (int i = 0; i < name.length(); i++) {
      if (Character.isISOControl(name.charAt(i))) {
        throw bad("a name has control characters");
      }
    }
    return name;
  }

  private static DiffStreamException bad(String why) {
    return new DiffStreamException("the header of the stream cannot be: " + why);
  }
}
