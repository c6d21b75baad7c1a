// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

import io.varve.image.storage.Storage;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Both files of a family, open for appending.
///
/// **Threads.** One.
final class SideFiles implements Closeable {
  private final RecordLog log;
  private final BlockFile blocks;
  private long recordBytes;

  SideFiles(RecordLog log, BlockFile blocks) {
    this.log = log;
    this.blocks = blocks;
  }

  static @Nullable SideFiles open(FamilyMap family) throws IOException {
    Storage records = family.stores().open(family.recordsName(), true);
    if (records == null) {
      return null;
    }
    RecordLog log;
    try {
      log = RecordLog.open(records, family.family());
    } catch (IOException | RuntimeException e) {
      records.close();
      throw e;
    }
    Storage pages = null;
    try {
      pages = family.stores().open(family.pagesName(log.generation()), true);
      if (pages == null) {
        throw new SideFileDamage("the pages are missing");
      }
      return new SideFiles(
          log, BlockFile.open(pages, log.generation(), log.slots().blocks(), true));
    } catch (IOException | RuntimeException e) {
      if (pages != null) {
        pages.close();
      }
      log.close();
      throw e;
    }
  }

  static SideFiles create(FamilyMap family, UUID generation, int unitBits) throws IOException {
    SideStores stores = family.stores();
    String unfinished = family.recordsName() + ".new";
    String pagesName = family.pagesName(generation);
    BlockFile blocks = BlockFile.create(stores.create(pagesName), generation);
    try {
      RecordLog log =
          RecordLog.create(stores.create(unfinished), generation, family.family(), unitBits);
      stores.rename(unfinished, family.recordsName());
      stores.sweep(family.family().toString(), family.recordsName(), pagesName);
      return new SideFiles(log, blocks);
    } catch (IOException | RuntimeException e) {
      blocks.close();
      throw e;
    }
  }

  SlotTable slots() {
    return log.slots();
  }

  BlockFile blocks() {
    return blocks;
  }

  int unitBits() {
    return log.unitBits();
  }

  /// Writes the blocks appended so far, then the records, which need them all.
  void append(List<LayerRecord> records) throws IOException {
    blocks.write();
    log.append(records.stream().map(record -> record.withBlocks(blocks.end())).toList());
    recordBytes += (long) records.size() * LayerRecord.BYTES;
  }

  long writtenBytes() {
    return blocks.writtenBytes() + recordBytes;
  }

  @Override
  public void close() throws IOException {
    try (blocks) {
      log.close();
    }
  }
}
