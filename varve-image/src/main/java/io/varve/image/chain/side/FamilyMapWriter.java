// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Keeps the side file of a family true to its layers. Whoever has one holds the family's lock
/// exclusively; readers may be at work.
///
/// Nothing here is flushed: what a crash tears is noticed by its checksum, or by a layer that is
/// not as its record says. Nothing here is needed either: what a method could not note when it
/// throws is noticed by the next reader, and the caller goes on.
///
/// **Threads.** One.
public final class FamilyMapWriter implements Closeable {
  /// Layers that may lie above the newest one in a tree before it is worth making another.
  static final int LAG = 4;

  /// A file with fewer slots is not made anew, whatever has become of them.
  private static final int WORN_SLOTS = 512;

  private final FamilyMap family;
  private final Supplier<UUID> ids;
  private final LayerFolder folder;
  private @Nullable SideFiles files;

  private FamilyMapWriter(FamilyMap family, Supplier<UUID> ids, LayerFolder folder) {
    this.family = family;
    this.ids = ids;
    this.folder = folder;
  }

  /// Opens what is there; nothing is made before there is something to keep.
  ///
  /// @param ids gives an identifier that nobody has yet
  public static FamilyMapWriter open(FamilyMap family, Supplier<UUID> ids) throws IOException {
    LayerFolder folder = LayerFolder.open(family.layers());
    FamilyMapWriter writer = new FamilyMapWriter(family, ids, folder);
    try {
      writer.files = SideFiles.open(family);
      SlotTable slots = writer.slots();
      if (slots != null && slots.size() >= WORN_SLOTS && slots.dead() > slots.size() / 2) {
        // Most of it is about layers that are no more; the chains that are opened come back.
        writer.drop();
      }
      return writer;
    } catch (SideFileDamage _) {
      writer.drop();
      return writer;
    } catch (IOException | RuntimeException e) {
      folder.close();
      throw e;
    }
  }

  /// True if a chain can be opened by what is kept, without more than a few layers to look into.
  public boolean covers(UUID newest) throws IOException {
    SideFiles at = files;
    LayerRecord record = at == null ? null : usable(at.slots(), newest);
    return at != null && record != null && lag(at.slots(), record) <= LAG;
  }

  /// Sees to it that the chain beneath and including a frozen layer is kept. Does what is missing:
  /// after a snapshot that is one layer, after a loss the whole chain.
  ///
  /// @param mostPages pages (of 512 units each) of the map to be made at most; where a layer
  ///   concerns more, it is noted without them, and laid when [#covers] says so
  public void keep(UUID newest, long mostPages) throws IOException {
    try {
      new ChainKeeper(this, folder, mostPages).keep(newest);
    } catch (SideFileDamage _) {
      drop();
      new ChainKeeper(this, folder, mostPages).keep(newest);
    }
  }

  /// The files; made if there are none.
  SideFiles files(int unitBits) throws IOException {
    SideFiles at = files;
    if (at == null) {
      at = SideFiles.create(family, ids.get(), unitBits);
      files = at;
    }
    return at;
  }

  @Nullable SlotTable slots() {
    SideFiles at = files;
    return at == null ? null : at.slots();
  }

  /// The record of a layer, if it and all beneath it are as they were.
  @Nullable LayerRecord usable(SlotTable slots, UUID layer) throws IOException {
    LayerRecord record = slots.find(layer);
    List<LayerRecord> chain = record == null ? null : slots.chain(record);
    if (chain == null) {
      return null;
    }
    for (LayerRecord each : chain) {
      if (!folder.fits(each)) {
        return null;
      }
    }
    return record;
  }

  /// Layers of a record's chain that its tree does not know.
  static int lag(SlotTable slots, LayerRecord record) {
    List<LayerRecord> chain = slots.chain(record);
    int top = slots.resolve(record.treeTop());
    for (int i = 0; chain != null && i < chain.size(); i++) {
      if (chain.get(i).slot() == top) {
        return slots.live(record.treeTop()) ? i : i + 1;
      }
    }
    return Integer.MAX_VALUE;
  }

  /// True if a layer is kept and its file is as its record says. Asked before a change of the file
  /// that is to be followed by [#changed] or [#merged].
  public boolean knows(UUID layer) throws IOException {
    SlotTable slots = slots();
    LayerRecord record = slots == null ? null : slots.find(layer);
    folder.statAgain(layer);
    return record != null && folder.fits(record);
  }

  /// The file of a layer was changed in a way that leaves the disk as it was: its header, its
  /// permissions.
  public void changed(UUID layer) throws IOException {
    SideFiles at = files;
    LayerRecord record = at == null ? null : at.slots().find(layer);
    if (at != null && record != null) {
      at.append(List.of(record.withBinding(OpenedLayer.bind(folder, layer))));
    }
  }

  /// Neighbouring layers were merged: what they held, as far as it showed, lies in the file of the
  /// uppermost one now, which may be another file than before. No entry that names one of them is
  /// touched: each is answered by the file from now on. To be called only if [#knows] was true of
  /// all of them when the merge began, and nobody else could write to them since; otherwise [#gone]
  /// is the word.
  ///
  /// @param below the layers that are no more, the newest first
  /// @param top the layer above them, which has taken them in
  public void merged(List<UUID> below, UUID top) throws IOException {
    SideFiles at = files;
    if (at == null) {
      return;
    }
    SlotTable slots = at.slots();
    LayerRecord merged = slots.find(top);
    List<LayerRecord> records = new ArrayList<>();
    LayerRecord above = merged;
    for (UUID layer : below) {
      LayerRecord next = slots.find(layer);
      if (above == null || next == null || slots.resolve(above.other()) != next.slot()) {
        forget(below, top);
        return;
      }
      records.add(LayerRecord.moved(next.slot(), slots.size()));
      above = next;
    }
    if (merged == null || above == null) {
      forget(below, top);
      return;
    }
    records.add(0, LayerRecord.moved(merged.slot(), slots.size()));
    FileBinding binding = OpenedLayer.bind(folder, top);
    records.add(0, merged.inSlot(slots.size(), above.other()).withBinding(binding));
    at.append(records);
  }

  private void forget(List<UUID> below, UUID top) throws IOException {
    gone(top);
    for (UUID layer : below) {
      gone(layer);
    }
  }

  /// A layer was removed, or what is kept of it is not to be believed any more.
  public void gone(UUID layer) throws IOException {
    SideFiles at = files;
    LayerRecord record = at == null ? null : at.slots().find(layer);
    if (at != null && record != null) {
      at.append(List.of(LayerRecord.gone(record.slot())));
    }
  }

  /// Deletes the side file.
  public void drop() throws IOException {
    SideFiles at = files;
    files = null;
    if (at != null) {
      at.close();
    }
    family.stores().delete(family.recordsName());
    family.stores().sweep(family.family().toString(), "", "");
  }

  /// Bytes appended to the files since this was opened.
  public long writtenBytes() {
    SideFiles at = files;
    return at == null ? 0 : at.writtenBytes();
  }

  @Override
  public void close() throws IOException {
    try (folder) {
      SideFiles at = files;
      if (at != null) {
        at.close();
      }
    }
  }
}
