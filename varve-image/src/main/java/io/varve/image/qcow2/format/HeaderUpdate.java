// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Takes the first cluster from one header area to another so that a crash between or within the
/// writes, with any 512-byte sectors of the unflushed ones lost, leaves the old area or the new
/// one.
///
/// The first sector decides: it is written as one piece, and it says where everything else is. So
/// nothing outside of it is overwritten while it is in use:
///
/// 1. Where extensions reach past the first sector: the first sector without the table of feature
///    names, which nobody needs. From here on only the old backing file name lies outside.
/// 2. What lies outside of the first sector in the new area, around the old name.
/// 3. The first sector, new.
/// 4. Where the new extensions need the old name's place: the rest of them, then the first sector
///    again, with the table.
///
/// Each step is flushed. A change that stays inside the first sector is one write and one flush.
///
/// **Not covered.** Where the unknown extensions of an image do not fit the first sector and must
/// move, or a cluster of 1 or 2 KiB has no room for two long names, the area is written at once, as
/// QEMU always does.
public final class HeaderUpdate {
  static final int SECTOR = 512;

  /// One step of the plan.
  ///
  /// @param position host offset in bytes
  /// @param bytes within one sector: lands as a whole or not at all
  /// @param flushAfter the storage is flushed before the next step
  public record SectorWrite(int position, Bytes bytes, boolean flushAfter) {}

  private final HeaderArea next;
  private final HeaderArea old;
  private final List<SectorWrite> writes = new ArrayList<>();

  /// The first cluster as it is after the steps so far.
  private final byte[] image;

  private HeaderUpdate(byte[] image, HeaderArea old, HeaderArea next) {
    this.image = image;
    this.old = old;
    this.next = next;
  }

  /// The writes, in their order; none where the bytes are there already.
  ///
  /// @param oldCluster0 the first cluster as it is in the file; may end where the file ends
  /// @throws Qcow2FormatException UNSUPPORTED where the new area does not fit; nothing is planned
  public static List<SectorWrite> plan(byte[] oldCluster0, HeaderArea next)
      throws Qcow2FormatException {
    HeaderArea old = HeaderArea.inspect(ByteBuffer.wrap(oldCluster0));
    int clusterSize = next.header().clusterSize();
    if (old.header().clusterSize() != clusterSize) {
      throw new IllegalArgumentException("the cluster size of an image never changes");
    }
    byte[] image = Arrays.copyOf(oldCluster0, clusterSize);
    HeaderUpdate update = new HeaderUpdate(image, old.inOrder(), next.inOrder());
    update.plan();
    return update.writes;
  }

  private void plan() throws Qcow2FormatException {
    HeaderLayout natural = HeaderLayout.natural(next);
    if (planInFirstSector(inPlace()) || planInFirstSector(natural) || planAround(natural)) {
      return;
    }
    step(natural::writeTo);
  }

  /// The new area with the name where it is: nothing outside of the extensions changes.
  private @Nullable HeaderLayout inPlace() {
    Bytes name = next.backing();
    int end = HeaderLayout.lengthOf(next);
    int nameAt = (int) old.header().backingOffset();
    boolean stays = name != null && name.equals(old.backing()) && end <= nameAt;
    return stays ? new HeaderLayout(next, end, nameAt) : null;
  }

  private boolean planInFirstSector(@Nullable HeaderLayout layout) {
    if (layout == null) {
      return false;
    }
    byte[] target = image.clone();
    layout.writeTo(target);
    if (!Arrays.equals(image, SECTOR, image.length, target, SECTOR, target.length)) {
      return false;
    }
    step(layout::writeTo);
    return true;
  }

  private boolean planAround(HeaderLayout natural) {
    HeaderLayout target = besideOldName(natural);
    if (target == null) {
      target = besideOldName(bare(natural));
    }
    if (target == null) {
      return false;
    }
    HeaderLayout first = overlapsOldName(SECTOR, target.areaEnd()) ? bare(target) : target;
    if (first != target && first.areaEnd() > SECTOR) {
      return false;
    }
    if (oldAreaEnd() > SECTOR) {
      HeaderLayout withoutTable = oldWithoutTable();
      if (withoutTable == null) {
        return false;
      }
      step(part(withoutTable::writeArea, 0, SECTOR));
    }
    step(part(first::writeTo, SECTOR, image.length));
    step(part(first::writeTo, 0, SECTOR));
    if (first != target) {
      step(part(target::writeTo, SECTOR, image.length));
      step(part(target::writeTo, 0, SECTOR));
    }
    return true;
  }

  /// The new layout with the name where it does not touch the old one outside of the first sector,
  /// or null where there is no such place.
  private @Nullable HeaderLayout besideOldName(HeaderLayout natural) {
    if (next.backing() == null) {
      return natural;
    }
    int oldAt = (int) old.header().backingOffset();
    if (next.backing().equals(old.backing()) && natural.areaEnd() <= oldAt) {
      return natural.withNameAt(oldAt);
    }
    int nameLength = HeaderLayout.nameLength(next);
    int nameAt = natural.areaEnd();
    if (overlapsOldName(Math.max(SECTOR, nameAt), nameAt + nameLength)) {
      nameAt = Math.max(nameAt, oldNameEnd());
    }
    return nameAt + nameLength <= image.length ? natural.withNameAt(nameAt) : null;
  }

  private static HeaderLayout bare(HeaderLayout layout) {
    HeaderArea area = layout.area().without(HeaderExtension.FEATURE_NAMES);
    return new HeaderLayout(area, HeaderLayout.lengthOf(area), layout.nameAt());
  }

  /// The old area with all its extensions in the first sector, or null where they do not fit there.
  private @Nullable HeaderLayout oldWithoutTable() {
    HeaderArea area = old.without(HeaderExtension.FEATURE_NAMES);
    int end = HeaderLayout.lengthOf(area);
    int nameAt = (int) old.header().backingOffset();
    boolean fits = end <= SECTOR && (area.backing() == null || end <= nameAt);
    return fits ? new HeaderLayout(area, end, nameAt) : null;
  }

  /// Where the extensions end in the file now; their end marker is left out where a name follows.
  private int oldAreaEnd() {
    int end = old.header().headerLength();
    for (HeaderExtension extension : old.extensions()) {
      end += extension.encodedLength();
    }
    long nameAt = old.header().backingOffset();
    int marker = end + HeaderExtension.PREFIX;
    return nameAt != 0 && marker > nameAt ? end : marker;
  }

  private int oldNameEnd() {
    return (int) old.header().backingOffset() + HeaderLayout.nameLength(old);
  }

  private boolean overlapsOldName(int from, int to) {
    Bytes name = old.backing();
    return name != null && from < oldNameEnd() && to > old.header().backingOffset();
  }

  private interface Change {
    void apply(byte[] image);
  }

  /// What `change` does between two positions, and nothing of what it does elsewhere.
  private static Change part(Change change, int from, int to) {
    return image -> {
      byte[] whole = image.clone();
      change.apply(whole);
      System.arraycopy(whole, from, image, from, to - from);
    };
  }

  /// Plans the sectors that `change` changes, and a flush behind them.
  private void step(Change change) {
    byte[] before = image.clone();
    change.apply(image);
    int planned = writes.size();
    for (int at = 0; at < image.length; at += SECTOR) {
      if (!Arrays.equals(before, at, at + SECTOR, image, at, at + SECTOR)) {
        byte[] sector = Arrays.copyOfRange(image, at, at + SECTOR);
        writes.add(new SectorWrite(at, Bytes.of(sector), false));
      }
    }
    if (writes.size() > planned) {
      SectorWrite last = writes.removeLast();
      writes.add(new SectorWrite(last.position(), last.bytes(), true));
    }
  }
}
