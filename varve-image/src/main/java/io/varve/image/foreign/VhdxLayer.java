// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import io.varve.image.ExtentKind;
import io.varve.image.LayerExtent;
import io.varve.image.LayerFormat;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A VHDX: headers in the first MiB, then regions, among them the table of blocks. An entry of that
/// table has its state in bits 0 to 2 and the block's place in the file in bits 20 to 63; after
/// each `chunkRatio` entries comes one for a bitmap of sectors, which matters with a parent alone.
///
/// QEMU tells nothing of what a VHDX is made of, so that all of it counts as data here too.
final class VhdxLayer extends ReadOnlyLayer {
  static final byte[] SIGNATURE = "vhdxfile".getBytes(StandardCharsets.US_ASCII);

  private static final int STATE = 7;
  private static final int STATE_ZERO = 2;
  private static final int STATE_UNMAPPED = 3;
  private static final int STATE_UNMAPPED_OLD = 5;
  private static final int STATE_PRESENT = 6;
  private static final long OFFSET = -1L << 20;

  private final VhdxMetadata metadata;
  private final TableReader table;
  private final long tableOffset;

  private long lostBlocks;

  private VhdxLayer(Storage storage, VhdxMetadata metadata, long tableOffset) {
    super(storage, LayerFormat.VHDX, metadata.diskSize(), (int) metadata.blockSize());
    this.metadata = metadata;
    this.table = new TableReader(storage, ByteOrder.LITTLE_ENDIAN);
    this.tableOffset = tableOffset;
  }

  /// @param notices hears of blocks that the file has no more
  /// @param forCheck open all the same, and count them
  static VhdxLayer open(Storage storage, Consumer<String> notices, boolean forCheck)
      throws IOException {
    ByteBuffer start = VhdxHeader.bytes(storage, 0, SIGNATURE.length);
    if (!start.flip().limit(SIGNATURE.length).equals(ByteBuffer.wrap(SIGNATURE))) {
      throw new io.varve.image.WrongFormatException(
          storage.name() + ": not in VHDX format, its signature is missing");
    }
    VhdxHeader header = VhdxHeader.read(storage);
    VhdxRegions regions = VhdxRegions.read(storage, header);
    new VhdxLog(storage, header).requireEmpty();
    VhdxMetadata metadata = VhdxMetadata.read(storage, regions.metadataOffset());
    if (metadata.tableEntries() > regions.batLength() / Long.BYTES) {
      throw Refused.invalid(storage, "the block table of the VHDX is too short for its disk");
    }
    VhdxLayer layer = new VhdxLayer(storage, metadata, regions.batOffset());
    layer.requireWhole(regions, notices, forCheck);
    return layer;
  }

  /// Each block that is present lies in the file, apart from the other regions. Walks the table as
  /// far as the file has it: behind that it is zero, no block.
  private void requireWhole(VhdxRegions regions, Consumer<String> notices, boolean forCheck)
      throws IOException {
    long file = (storage().size() + 511) & -512L;
    long entries =
        Math.min(metadata.tableEntries(), Math.max(0, file - tableOffset) / Long.BYTES + 1);
    long ratio = metadata.chunkRatio();
    for (long i = 0; i < entries; i++) {
      long entry = table.int64(tableOffset + i * Long.BYTES);
      boolean payload = (i + 1) % (ratio + 1) != 0;
      if (payload && (entry & STATE) == STATE_PRESENT) {
        String lost = beyondEnd(i, entry & OFFSET, file);
        if (lost != null) {
          notices.accept(lost);
          lostBlocks++;
          if (!forCheck) {
            throw Refused.invalid(storage(), lost);
          }
          continue;
        }
        regions.requireFree(entry & OFFSET, metadata.blockSize());
      }
    }
  }

  /// What is to be said of a block that reaches behind the end of the file, or null.
  private @Nullable String beyondEnd(long index, long offset, long file) {
    long block = index - index / (metadata.chunkRatio() + 1);
    long rest = metadata.diskSize() - block * metadata.blockSize();
    long length = Math.min(metadata.blockSize(), rest);
    if (offset < 0 || offset >= file) {
      return "VHDX BAT entry %d start offset %s points after end of file (%d). Image has probably been truncated."
          .formatted(index, Long.toUnsignedString(offset), file);
    }
    if (length > file - offset) {
      return "VHDX BAT entry %d end offset %d points after end of file (%d). Image has probably been truncated."
          .formatted(index, offset + length - 1, file);
    }
    return null;
  }

  /// Blocks that lie behind the end of the file.
  long lostBlocks() {
    return lostBlocks;
  }

  private long entryOf(long at) throws IOException {
    long block = at / metadata.blockSize();
    long index = block + block / metadata.chunkRatio();
    return table.int64(tableOffset + index * Long.BYTES);
  }

  @Override
  LayerExtent piece(long at, long length) {
    long part = Math.min(length, metadata.blockSize() - at % metadata.blockSize());
    return new LayerExtent(at, part, ExtentKind.DATA, -1);
  }

  @Override
  void readData(LayerExtent extent, ByteBuffer dst) throws IOException {
    long entry = entryOf(extent.start());
    switch ((int) entry & STATE) {
      case STATE_PRESENT ->
          storage().read((entry & OFFSET) + extent.start() % metadata.blockSize(), dst);
      case 0, 1, STATE_ZERO, STATE_UNMAPPED, STATE_UNMAPPED_OLD ->
          dst.put(new byte[dst.remaining()]);
      default ->
          throw Refused.invalid(
              storage(), "a block of the VHDX is in state " + ((int) entry & STATE));
    }
  }
}
