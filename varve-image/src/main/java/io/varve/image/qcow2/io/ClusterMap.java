// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import static io.varve.image.qcow2.metadata.ImageDamage.hex;

import io.varve.image.CorruptImageException;
import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.LayerExtent;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.L1Entry;
import io.varve.image.qcow2.format.L2Entry;
import io.varve.image.qcow2.metadata.EntryTable;
import io.varve.image.qcow2.metadata.ImageDamage;
import io.varve.image.qcow2.metadata.MetadataBlock;
import io.varve.image.qcow2.metadata.MetadataCache;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Where each guest cluster lies, read through one L1 table: the active one, or a snapshot's (spec:
/// "Cluster mapping"). Under the layer's shared lock at least.
public final class ClusterMap {
  private static final int MAX_SLICE = 64 << 10;

  private final String name;
  private final ImageDamage damage;
  private final Geometry geometry;
  private final int version;
  private final MetadataCache cache;
  private final EntryTable l1;
  private final FileEnd end;
  private final boolean external;

  /// @param external host offsets of data are those of an external data file
  /// @param end that no cluster may lie behind
  public ClusterMap(
      String name,
      Geometry geometry,
      int version,
      MetadataCache cache,
      EntryTable l1,
      boolean external,
      FileEnd end,
      ImageDamage damage) {
    this.name = name;
    this.damage = damage;
    this.geometry = geometry;
    this.version = version;
    this.cache = cache;
    this.l1 = l1;
    this.external = external;
    this.end = end;
  }

  public EntryTable l1() {
    return l1;
  }

  /// The state of the cluster that holds this guest offset, as the entry says, sound or not.
  public ClusterState state(long guestOffset) throws IOException {
    long table = l2Table(guestOffset);
    return table == 0 ? ClusterState.NONE : stateIn(table, guestOffset);
  }

  /// The state of a cluster that is about to be written in place.
  ClusterState stateToWrite(long guestOffset) throws IOException {
    ClusterState state = state(guestOffset);
    if (state.writableInPlace() && !geometry.isClusterAligned(state.host())) {
      throw damage.fatal(
          (state.zero() != 0 ? "Preallocated zero" : "Data")
              + " cluster offset "
              + hex(state.host())
              + " unaligned (guest offset: "
              + hex(guestOffset)
              + ")");
    }
    return state;
  }

  /// Refuses to read through an entry that cannot be right.
  void requireSound(ClusterState state, long guestOffset) throws IOException {
    if (!sound(state, guestOffset)) {
      throw damage.fatal(defect(state, l2Table(guestOffset), guestOffset));
    }
  }

  /// Host offset of the L2 table that maps this guest offset, 0 if there is none.
  public long l2Table(long guestOffset) throws IOException {
    long index = geometry.l1Index(guestOffset);
    if (index >= l1.size()) {
      return 0;
    }
    long offset = L1Entry.offset(l1.get((int) index));
    if (!geometry.isClusterAligned(offset)) {
      throw damage.fatal(
          "L2 table offset " + hex(offset) + " unaligned (L1 index: " + hex(index) + ")");
    }
    requireInFile(offset, "L1 entry", index);
    return offset;
  }

  private ClusterState stateIn(long table, long guestOffset) throws IOException {
    long position = table + (long) geometry.l2Index(guestOffset) * geometry.l2EntrySize();
    MetadataBlock block = cache.get(position);
    long entry = block.word(position);
    ClusterState state =
        geometry.extendedL2()
            ? ClusterState.extended(entry, block.word(position + Long.BYTES), external)
            : ClusterState.standard(entry, external);
    requireInFile(hostNeeded(state), "L2 entry of guest offset", guestOffset);
    return state;
  }

  private long hostNeeded(ClusterState state) {
    if (state.compressed()) {
      return L2Entry.compressedOffset(state.entry(), geometry.clusterBits());
    }
    return state.hasHost() && state.allocated() != 0 && !external ? state.host() : 0;
  }

  private boolean sound(ClusterState state, long guestOffset) {
    if (state.compressed()) {
      return !external;
    }
    return (version >= 3 || !L2Entry.zero(state.entry()))
        && (!state.hasHost()
            || (geometry.isClusterAligned(state.host())
                && (!external || state.host() == geometry.clusterStart(guestOffset))))
        && !badBitmap(state);
  }

  /// What is wrong with an entry that is not sound, in QEMU's words.
  private String defect(ClusterState state, long table, long guestOffset) {
    String index = hex(sliceIndex(guestOffset)) + ")";
    String where = " (L2 offset: " + hex(table) + ", L2 index: " + index;
    if (state.compressed()) {
      return "Compressed cluster entry found in image with external data file" + where;
    }
    if (version < 3 && L2Entry.zero(state.entry())) {
      return "Zero cluster entry found in pre-v3 image" + where;
    }
    if (badBitmap(state)) {
      return "Invalid cluster entry found " + where;
    }
    if (!geometry.isClusterAligned(state.host())) {
      return "Cluster allocation offset " + hex(state.host()) + " unaligned" + where;
    }
    return "External data file host cluster offset "
        + hex(state.host())
        + " does not match guest cluster offset: "
        + hex(geometry.clusterStart(guestOffset))
        + ", L2 index: "
        + index;
  }

  private boolean badBitmap(ClusterState state) {
    return geometry.extendedL2()
        && ((state.allocated() & state.zero()) != 0
            || (!state.hasHost() && state.allocated() != 0));
  }

  /// QEMU tells the index in the piece of the table that it keeps in memory.
  private int sliceIndex(long guestOffset) {
    int perSlice = Math.min(geometry.clusterSize(), MAX_SLICE) / geometry.l2EntrySize();
    return geometry.l2Index(guestOffset) & (perSlice - 1);
  }

  /// A file that lost its tail would otherwise read as zeros there, for good after the next merge.
  private void requireInFile(long host, String structure, long at) throws IOException {
    if (host != 0 && end.isBefore(host)) {
      throw new CorruptImageException(
          "%s: %s %#x: its cluster at %#x lies behind the end of the file at %#x: the file was cut short;"
                  .formatted(name, structure, at, host, end.known())
              + " restore it from a copy");
    }
  }

  /// The uniform stretch at `at`, at most `maxLength` bytes.
  public LayerExtent extent(long at, long maxLength) throws IOException {
    return continued(piece(at, at + maxLength), at + maxLength, true);
  }

  /// As [#extent], null where the entry at `at` is damaged: nobody is told.
  public @Nullable LayerExtent peek(long at, long maxLength) throws IOException {
    try {
      LayerExtent first = sound(at) ? piece(at, at + maxLength, false) : null;
      return first == null ? null : continued(first, at + maxLength, false);
    } catch (CorruptImageException e) {
      return null;
    }
  }

  private boolean sound(long at) throws IOException {
    long table = l2TableOrDamaged(at);
    return table == 0 || (table > 0 && sound(stateIn(table, at), at));
  }

  private LayerExtent continued(LayerExtent first, long end, boolean telling) throws IOException {
    long at = first.start();
    LayerExtent found = first;
    while (found.end() < end) {
      long plain = plainRun(found, end);
      if (plain > 0) {
        found = new LayerExtent(at, found.length() + plain, found.kind(), found.hostOffset());
        continue;
      }
      if (!telling && !sound(found.end())) {
        break;
      }
      LayerExtent next = piece(found.end(), end, false);
      if (next == null || !continues(found, next)) {
        break;
      }
      found = new LayerExtent(at, next.end() - at, found.kind(), found.hostOffset());
    }
    return found;
  }

  /// Bytes of whole clusters behind `found` that continue it, by the words of their entries alone:
  /// most clusters of most images. 0 where they have to be looked at one by one.
  private long plainRun(LayerExtent found, long end) throws IOException {
    int cluster = geometry.clusterSize();
    long from = found.end();
    long expected = expectedEntry(found);
    if (expected < 0 || external || geometry.extendedL2() || geometry.inCluster(from) != 0) {
      return 0;
    }
    long table = l2TableOrDamaged(from);
    int index = geometry.l2Index(from);
    long most = Math.min((end - from) >>> geometry.clusterBits(), geometry.l2Entries() - index);
    int step = 0;
    if (found.kind() == ExtentKind.DATA) {
      step = cluster;
      most = Math.min(most, (this.end.known() - expected) >> geometry.clusterBits());
    }
    long count = 0;
    while (table > 0 && count < most) {
      long word = table + (index + count) * Long.BYTES;
      MetadataBlock block = cache.get(word);
      long blockEnd = block.offset() + cache.blockSize();
      int run = block.run(word, most - count, L2Entry.COPIED, expected, step);
      count += run;
      expected += (long) run * step;
      if (word + (long) run * Long.BYTES < blockEnd) {
        break;
      }
    }
    return count << geometry.clusterBits();
  }

  /// The entry, without COPIED, of a cluster that continues this stretch; -1 where none plainly
  /// does.
  private static long expectedEntry(LayerExtent found) {
    return switch (found.kind()) {
      case DATA -> found.hostOffset() + found.length();
      case ZERO -> found.hostOffset() < 0 ? L2Entry.ZERO : -1;
      case NONE -> found.hostOffset() < 0 ? 0 : -1;
      case ZERO_ALLOCATED, COMPRESSED -> -1;
    };
  }

  /// As [#l2Table], -1 where the entry is damaged.
  private long l2TableOrDamaged(long guestOffset) throws IOException {
    long index = geometry.l1Index(guestOffset);
    boolean damaged =
        index < l1.size() && !geometry.isClusterAligned(L1Entry.offset(l1.get((int) index)));
    return damaged ? -1 : l2Table(guestOffset);
  }

  private static boolean continues(LayerExtent left, LayerExtent right) {
    if (left.kind() != right.kind() || left.kind() == ExtentKind.COMPRESSED) {
      return false;
    }
    return left.hostOffset() < 0
        ? right.hostOffset() < 0
        : left.hostOffset() + left.length() == right.hostOffset();
  }

  /// A stretch inside one cluster, or the whole span of a missing L2 table. For those who walk a
  /// range cluster by cluster: asking for the whole extent at each step would be quadratic.
  LayerExtent piece(long at, long end) throws IOException {
    return Objects.requireNonNull(piece(at, end, true));
  }

  /// @param asked damage is fatal; without it the answer is null, so that damage is told only when
  ///   it is asked for
  private @Nullable LayerExtent piece(long at, long end, boolean asked) throws IOException {
    long table = asked ? l2Table(at) : l2TableOrDamaged(at);
    if (table == 0) {
      long span = geometry.bytesPerL2Table();
      long tableEnd = (at / span + 1) * span;
      return new LayerExtent(at, Math.min(end, tableEnd) - at, ExtentKind.NONE, -1);
    }
    if (table < 0) {
      return null;
    }
    ClusterState state = stateIn(table, at);
    if (!sound(state, at)) {
      if (!asked && !badBitmap(state)) {
        return null;
      }
      throw damage.fatal(defect(state, table, at));
    }
    long clusterStart = geometry.clusterStart(at);
    if (state.compressed()) {
      long length = Math.min(end, clusterStart + geometry.clusterSize()) - at;
      long host = L2Entry.compressedOffset(state.entry(), geometry.clusterBits());
      return new LayerExtent(at, length, ExtentKind.COMPRESSED, host);
    }
    int first = (int) (at - clusterStart) >>> geometry.subclusterBits();
    ExtentKind kind = kindOf(state, first);
    int last = first + 1;
    while (last < geometry.subclustersPerCluster() && kindOf(state, last) == kind) {
      last++;
    }
    long pieceEnd = Math.min(end, clusterStart + ((long) last << geometry.subclusterBits()));
    long host = state.hasHost() ? state.host() + (at - clusterStart) : -1;
    return new LayerExtent(at, pieceEnd - at, kind, host);
  }

  private static ExtentKind kindOf(ClusterState state, int subcluster) {
    if (state.hasData(subcluster)) {
      return ExtentKind.DATA;
    }
    if (state.readsZero(subcluster)) {
      return state.hasHost() ? ExtentKind.ZERO_ALLOCATED : ExtentKind.ZERO;
    }
    return ExtentKind.NONE;
  }

  /// The extent at `at`, which ends at the disk's end at the latest.
  ///
  /// @throws IllegalArgumentException if the range is outside of the disk
  public LayerExtent extentWithin(long diskSize, GuestOffset at, long maxLength)
      throws IOException {
    if (at.bytes() >= diskSize || maxLength <= 0) {
      throw new IllegalArgumentException(
          "range %s + %d is outside the disk of %d bytes".formatted(at, maxLength, diskSize));
    }
    return extent(at.bytes(), Math.min(maxLength, diskSize - at.bytes()));
  }
}
