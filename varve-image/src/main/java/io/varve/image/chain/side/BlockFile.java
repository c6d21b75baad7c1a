// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

import io.varve.image.storage.Storage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.zip.CRC32C;

/// The pages file: blocks of 512 bytes that never change once a record covers them (spec: "The
/// pages file"). A block is read by a word that carries its checksum, so that neither a torn block
/// nor another one in its place is taken for it.
///
/// **Threads.** Reading: any. Appending: one, who holds the family's lock.
final class BlockFile implements Closeable {
  static final int BLOCK = 512;

  private static final long MAGIC = 0x5641525645504753L;
  private static final int VERSION = 1;
  private static final int WORDS = BLOCK / Long.BYTES;

  /// Appended blocks wait here for one write.
  private static final int PENDING = 1 << 20;

  private final Storage storage;
  private final long blocks;
  private final ByteBuffer pending;
  private long pendingFirst;
  private long writtenBytes;

  /// @param blocks how many of the file's blocks a record covers: what lies behind is not read, and
  ///   appending goes on there
  private BlockFile(Storage storage, long blocks, int pendingBytes) {
    this.storage = storage;
    this.blocks = blocks;
    this.pending = ByteBuffer.allocate(pendingBytes);
    this.pendingFirst = blocks;
  }

  /// A new file; the storage is empty.
  static BlockFile create(Storage storage, UUID generation) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(BLOCK);
    header.putLong(MAGIC).putInt(VERSION).putInt(0);
    header.putLong(generation.getMostSignificantBits());
    header.putLong(generation.getLeastSignificantBits());
    header.putInt(BLOCK - 4, crc(header, BLOCK - 4)).clear();
    storage.write(0, header);
    return new BlockFile(storage, 1, PENDING);
  }

  /// @param append false: nothing will be appended
  static BlockFile open(Storage storage, UUID generation, long blocks, boolean append)
      throws IOException {
    ByteBuffer header = ByteBuffer.allocate(BLOCK);
    storage.read(0, header);
    header.flip();
    boolean right =
        header.getLong(0) == MAGIC
            && header.getInt(8) == VERSION
            && header.getLong(16) == generation.getMostSignificantBits()
            && header.getLong(24) == generation.getLeastSignificantBits()
            && header.getInt(BLOCK - 4) == crc(header, BLOCK - 4);
    if (!right || blocks < 1 || blocks > SideWord.MAX_BLOCKS) {
      throw new SideFileDamage(storage.name() + ": not the pages of this side file");
    }
    return new BlockFile(storage, blocks, append ? PENDING : 0);
  }

  /// CRC32C of the first bytes of a buffer.
  static int crc(ByteBuffer bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.duplicate().limit(length).position(0));
    return (int) crc.getValue();
  }

  /// The block that a reference names, as words.
  long[] read(long word) throws IOException {
    ByteBuffer block = readBlock(word);
    long[] words = new long[WORDS];
    block.asLongBuffer().get(words);
    return words;
  }

  /// The bytes of the block that a reference names.
  ByteBuffer readBlock(long word) throws IOException {
    long number = SideWord.block(word);
    ByteBuffer block = ByteBuffer.allocate(BLOCK);
    if (number >= pendingFirst && number < pendingFirst + pending.position() / BLOCK) {
      block.put(0, pending, (int) (number - pendingFirst) * BLOCK, BLOCK);
    } else if (number == 0 || number >= end()) {
      throw new SideFileDamage("%s: block %d is outside".formatted(storage.name(), number));
    } else {
      storage.read(number * BLOCK, block);
      block.flip();
    }
    if (crc(block, BLOCK) != SideWord.crc(word)) {
      throw new SideFileDamage("%s: block %d: checksum".formatted(storage.name(), number));
    }
    return block;
  }

  /// Appends a node and returns the word for it.
  long append(long[] words) throws IOException {
    ByteBuffer block = ByteBuffer.allocate(BLOCK);
    block.asLongBuffer().put(words);
    return append(SideWord.NODE, block);
  }

  /// Appends a block and returns the word for it.
  long append(int kind, ByteBuffer block) throws IOException {
    if (end() >= SideWord.MAX_BLOCKS) {
      throw new SideFileDamage(storage.name() + ": it is full");
    }
    if (!pending.hasRemaining()) {
      write();
    }
    long number = end();
    pending.put(block.duplicate().clear());
    return SideWord.reference(kind, number, crc(block, BLOCK));
  }

  /// Number of blocks, those not yet written included.
  long end() {
    return pendingFirst + pending.position() / BLOCK;
  }

  /// Blocks that were there when it was opened.
  long before() {
    return blocks;
  }

  /// Hands everything appended to the file; nothing is flushed.
  void write() throws IOException {
    int length = pending.position();
    if (length > 0) {
      pending.flip();
      storage.write(pendingFirst * BLOCK, pending);
      pending.clear();
      pendingFirst += length / BLOCK;
      writtenBytes += length;
    }
  }

  /// Bytes written since it was opened.
  long writtenBytes() {
    return writtenBytes;
  }

  @Override
  public void close() throws IOException {
    storage.close();
  }
}
