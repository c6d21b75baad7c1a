// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

import io.varve.image.storage.Storage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32C;

/// The records file: a header and records of 128 bytes, read in one piece (spec: "The records
/// file"). The first record that fails its checksum, or contradicts those before it, ends the file:
/// the rest is a torn tail, and appending goes on over it.
///
/// **Threads.** One.
final class RecordLog implements Closeable {
  /// More records are not read; a file that would need them is made anew.
  static final int MAX_RECORDS = 1 << 17;

  private static final int BYTES = LayerRecord.BYTES;
  private static final int CRC_AT = BYTES - 4;
  private static final long MAGIC = 0x56415256454d4150L;
  private static final int VERSION = 1;

  private final Storage storage;
  private final UUID generation;
  private final int seed;
  private final int unitBits;
  private final SlotTable slots = new SlotTable();
  private int count;

  private RecordLog(Storage storage, UUID generation, int unitBits) {
    this.storage = storage;
    this.generation = generation;
    this.seed = generation.hashCode();
    this.unitBits = unitBits;
  }

  /// A new file; the storage is empty.
  ///
  /// @param generation of this file and its pages file alone
  static RecordLog create(Storage storage, UUID generation, UUID family, int unitBits)
      throws IOException {
    ByteBuffer header = ByteBuffer.allocate(BYTES);
    header.putLong(MAGIC).putInt(VERSION).putInt(unitBits);
    header.putLong(generation.getMostSignificantBits());
    header.putLong(generation.getLeastSignificantBits());
    header.putLong(family.getMostSignificantBits());
    header.putLong(family.getLeastSignificantBits());
    header.putInt(CRC_AT, BlockFile.crc(header, CRC_AT)).clear();
    storage.write(0, header);
    return new RecordLog(storage, generation, unitBits);
  }

  /// @throws SideFileDamage if it is not the records file of this family
  static RecordLog open(Storage storage, UUID family) throws IOException {
    long length = Math.min(storage.size(), (1L + MAX_RECORDS) * BYTES);
    byte[] bytes = new byte[(int) (length / BYTES) * BYTES];
    storage.read(0, ByteBuffer.wrap(bytes));
    RecordLog log = header(storage, ByteBuffer.wrap(bytes), family);
    log.read(bytes);
    return log;
  }

  private static RecordLog header(Storage storage, ByteBuffer bytes, UUID family)
      throws SideFileDamage {
    boolean right =
        bytes.limit() >= BYTES
            && bytes.getLong(0) == MAGIC
            && bytes.getInt(8) == VERSION
            && bytes.getInt(12) >= 9
            && bytes.getInt(12) <= 21
            && bytes.getLong(32) == family.getMostSignificantBits()
            && bytes.getLong(40) == family.getLeastSignificantBits()
            && bytes.getInt(CRC_AT) == BlockFile.crc(bytes, CRC_AT);
    if (!right) {
      throw new SideFileDamage(storage.name() + ": not the records of this family");
    }
    UUID generation = new UUID(bytes.getLong(16), bytes.getLong(24));
    return new RecordLog(storage, generation, bytes.getInt(12));
  }

  private void read(byte[] content) {
    ByteBuffer bytes = ByteBuffer.wrap(content);
    for (int at = BYTES; at < content.length; at += BYTES) {
      boolean whole = bytes.getInt(at + CRC_AT) == crc(content, at, count);
      if (!whole || !slots.apply(LayerRecord.decode(bytes, at))) {
        return;
      }
      count++;
    }
  }

  /// A record counts only at its place in its file.
  private int crc(byte[] bytes, int at, int number) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, at, CRC_AT);
    return (int) crc.getValue() ^ seed ^ number;
  }

  /// Appends records with one write; nothing is flushed.
  void append(List<LayerRecord> records) throws IOException {
    if (records.isEmpty()) {
      return;
    }
    byte[] content = new byte[records.size() * BYTES];
    ByteBuffer bytes = ByteBuffer.wrap(content);
    for (int i = 0; i < records.size(); i++) {
      LayerRecord record = records.get(i);
      if (count + i >= MAX_RECORDS || !slots.apply(record)) {
        throw new SideFileDamage(storage.name() + ": no place for " + record);
      }
      record.encode(bytes, i * BYTES);
      bytes.putInt(i * BYTES + CRC_AT, crc(content, i * BYTES, count + i));
    }
    storage.write((1L + count) * BYTES, bytes);
    count += records.size();
  }

  UUID generation() {
    return generation;
  }

  int unitBits() {
    return unitBits;
  }

  SlotTable slots() {
    return slots;
  }

  int count() {
    return count;
  }

  @Override
  public void close() throws IOException {
    storage.close();
  }
}
