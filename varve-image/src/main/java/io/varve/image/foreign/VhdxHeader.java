// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// One of the two headers of a VHDX, at 64 and 128 KiB; the one with the higher number counts.
/// Little endian.
///
/// | bytes | field |
/// |---|---|
/// | 0-3 | "head" |
/// | 4-7 | CRC-32C of the 4 KiB, taken with zeros here |
/// | 8-15 | sequence number |
/// | 48-63 | GUID that the log's entries carry; zero where there is no log to replay |
/// | 64-65 | version of the log, 0 |
/// | 66-67 | version, 1 |
/// | 68-71 | length of the log |
/// | 72-79 | offset of the log |
record VhdxHeader(long sequence, UUID logGuid, int logVersion, long logLength, long logOffset) {
  private static final int HEADER = 4096;
  private static final int SIGNATURE = 0x64616568;
  private static final int CHECKSUM_AT = 4;

  /// The header that counts.
  static VhdxHeader read(Storage file) throws IOException {
    ByteBuffer firstBytes = bytes(file, 64 << 10, HEADER);
    ByteBuffer secondBytes = bytes(file, 128 << 10, HEADER);
    VhdxHeader first = parse(firstBytes);
    VhdxHeader second = parse(secondBytes);
    if (first == null || second == null) {
      VhdxHeader only = first == null ? second : first;
      if (only != null) {
        return only;
      }
      throw Refused.corrupt(file, "No valid VHDX header found");
    }
    int order = Long.compareUnsigned(first.sequence, second.sequence);
    // Some programs write both alike; of two that differ neither could be trusted.
    if (order == 0 && !firstBytes.slice(0, 80).equals(secondBytes.slice(0, 80))) {
      throw Refused.corrupt(file, "No valid VHDX header found");
    }
    return order >= 0 ? first : second;
  }

  static ByteBuffer bytes(Storage file, long at, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    file.read(at, bytes);
    return bytes;
  }

  /// True if the checksum of a structure is right; it lies at `at` and counts as zeros.
  static boolean sound(ByteBuffer bytes, int at) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(0, at));
    crc.update(new byte[Integer.BYTES]);
    crc.update(bytes.slice(at + Integer.BYTES, bytes.capacity() - at - Integer.BYTES));
    return (int) crc.getValue() == bytes.getInt(at);
  }

  private static @Nullable VhdxHeader parse(ByteBuffer bytes) {
    if (!sound(bytes, CHECKSUM_AT) || bytes.getInt(0) != SIGNATURE || bytes.getShort(66) != 1) {
      return null;
    }
    return new VhdxHeader(
        bytes.getLong(8),
        Guid.at(bytes, 48),
        bytes.getShort(64),
        bytes.getInt(68) & 0xffff_ffffL,
        bytes.getLong(72));
  }
}
