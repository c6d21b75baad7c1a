// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// The log of a VHDX: whether it has to be replayed before the image may be read. It is a ring of
/// entries in units of 4 KiB.
///
/// | bytes of an entry | field |
/// |---|---|
/// | 0-3 | "loge" |
/// | 4-7 | CRC-32C of the whole entry, taken with zeros here |
/// | 8-11 | length |
/// | 16-23 | sequence number, above 0 |
/// | 24-27 | number of descriptors, 32 bytes each, from byte 64 on |
/// | 32-47 | GUID, as in the header |
final class VhdxLog {
  private static final int MEGABYTE = 1 << 20;
  private static final int UNIT = 4096;
  private static final int ENTRY = 0x65676f6c;
  private static final int DESCRIPTOR_SIZE = 32;
  private static final int ZERO_DESCRIPTOR = 0x6f72657a;
  private static final int DATA_DESCRIPTOR = 0x63736564;

  private final Storage file;
  private final VhdxHeader header;

  /// Bytes that may still be summed up: entries that overlap could take forever.
  private long budget;

  VhdxLog(Storage file, VhdxHeader header) {
    this.file = file;
    this.header = header;
    this.budget = 2 * header.logLength() + MEGABYTE;
  }

  /// Refuses an image whose log holds changes, and a log that breaks the rules.
  void requireEmpty() throws IOException {
    if (header.logOffset() < MEGABYTE || header.logOffset() % MEGABYTE != 0) {
      throw Refused.invalid(file, "the log of the VHDX lies at no multiple of 1 MiB");
    }
    if (header.logVersion() != 0) {
      throw Refused.invalid(file, "the log of the VHDX has an unknown version");
    }
    if (Guid.isZero(header.logGuid()) || header.logLength() == 0) {
      return;
    }
    if (header.logLength() % MEGABYTE != 0) {
      throw Refused.invalid(file, "the log of the VHDX has no length in MiB");
    }
    long end = Math.min(header.logLength(), file.size() - header.logOffset());
    for (long at = 0; at < end; at += UNIT) {
      if (validEntry(at)) {
        throw Refused.unsupported(
            file,
            "VHDX image file '"
                + file.name()
                + "' opened read-only, but contains a log that needs to be replayed");
      }
    }
  }

  /// The bytes at a place of the ring.
  private ByteBuffer bytes(long at, int length) throws IOException {
    long in = at % header.logLength();
    ByteBuffer bytes = VhdxHeader.bytes(file, header.logOffset() + in, length);
    return bytes;
  }

  private boolean validEntry(long at) throws IOException {
    ByteBuffer first = bytes(at, UNIT);
    long length = first.getInt(8) & 0xffff_ffffL;
    long descriptors = first.getInt(24) & 0xffff_ffffL;
    if (first.getInt(0) != ENTRY
        || length > header.logLength()
        || length == 0
        || length % UNIT != 0
        || first.getLong(16) == 0
        || !Guid.at(first, 32).equals(header.logGuid())
        || descriptors * DESCRIPTOR_SIZE > length) {
      return false;
    }
    budget -= length;
    if (budget < 0) {
      throw Refused.invalid(file, "the entries of the log of the VHDX overlap");
    }
    return validDescriptors(at, first.getLong(16), descriptors)
        && sum(at, first, length) == first.getInt(4);
  }

  private boolean validDescriptors(long at, long sequence, long count) throws IOException {
    for (long i = 0; i < count; i++) {
      long in = 64 + i * DESCRIPTOR_SIZE;
      ByteBuffer unit = bytes(at + in / UNIT * UNIT, UNIT);
      int from = (int) (in % UNIT);
      boolean zero = unit.getInt(from) == ZERO_DESCRIPTOR;
      if (unit.getLong(from + 24) != sequence
          || unit.getLong(from + 16) % UNIT != 0
          || !(zero || unit.getInt(from) == DATA_DESCRIPTOR)
          || zero && unit.getLong(from + 8) % UNIT != 0) {
        return false;
      }
    }
    return true;
  }

  private int sum(long at, ByteBuffer first, long length) throws IOException {
    CRC32C crc = new CRC32C();
    crc.update(first.slice(0, 4));
    crc.update(new byte[4]);
    crc.update(first.slice(8, UNIT - 8));
    for (long done = UNIT; done < length; done += UNIT) {
      crc.update(bytes(at + done, UNIT).flip());
    }
    return (int) crc.getValue();
  }
}
