// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.CorruptImageException;
import io.varve.image.ExtentKind;
import io.varve.image.LayerExtent;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.L1Entry;
import io.varve.image.qcow2.format.L2Entry;
import io.varve.image.qcow2.format.SubclusterBitmap;
import io.varve.image.qcow2.metadata.EntryTable;
import io.varve.image.qcow2.metadata.MetadataBlock;
import io.varve.image.qcow2.metadata.MetadataCache;
import java.io.IOException;
import java.util.function.LongSupplier;

/// Where each guest cluster lies, read through one L1 table: the active one, or a snapshot's (spec:
/// "Cluster mapping"). Under the layer's shared lock at least.
public final class ClusterMap {
  private final String name;
  private final Geometry geometry;
  private final int version;
  private final MetadataCache cache;
  private final EntryTable l1;
  private final LongSupplier end;
  private final boolean external;

  /// @param external host offsets of data are those of an external data file
  /// @param end host offset that no cluster may lie behind: where the file ends, or
  ///   `Long.MAX_VALUE` to read what lies behind it as zero
  public ClusterMap(
      String name,
      Geometry geometry,
      int version,
      MetadataCache cache,
      EntryTable l1,
      boolean external,
      LongSupplier end) {
    this.name = name;
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

  /// The state of the cluster that holds this guest offset.
  public ClusterState state(long guestOffset) throws IOException {
    long table = l2Table(guestOffset);
    return table == 0 ? ClusterState.NONE : stateIn(table, guestOffset);
  }

  /// Host offset of the L2 table that maps this guest offset, 0 if there is none.
  public long l2Table(long guestOffset) throws CorruptImageException {
    long index = geometry.l1Index(guestOffset);
    if (index >= l1.size()) {
      return 0;
    }
    long offset = L1Entry.offset(l1.get((int) index));
    if (!geometry.isClusterAligned(offset)) {
      throw new CorruptImageException(
          "%s: L1 entry %d: expected a cluster-aligned L2 table offset, found %#x"
              .formatted(name, index, offset));
    }
    requireInFile(offset, "L1 entry", index);
    return offset;
  }

  ClusterState stateIn(long table, long guestOffset) throws IOException {
    long position = table + (long) geometry.l2Index(guestOffset) * geometry.l2EntrySize();
    MetadataBlock block = cache.get(position);
    long entry = block.word(position);
    if (!geometry.extendedL2()) {
      ClusterState state = ClusterState.standard(entry, external);
      requireSound(state, guestOffset);
      return state;
    }
    long bitmap = block.word(position + Long.BYTES);
    ClusterState state = ClusterState.extended(entry, bitmap, external);
    requireSound(state, guestOffset);
    requireValidBitmap(state, bitmap, guestOffset);
    return state;
  }

  private void requireSound(ClusterState state, long guestOffset) throws CorruptImageException {
    if (state.hasHost() && !geometry.isClusterAligned(state.host())) {
      throw broken(guestOffset, "a cluster-aligned host offset", state.entry());
    }
    if (version < 3 && !state.compressed() && L2Entry.zero(state.entry())) {
      throw broken(guestOffset, "no zero cluster, since the image is version 2", state.entry());
    }
    long needed =
        state.compressed()
            ? L2Entry.compressedOffset(state.entry(), geometry.clusterBits())
            : state.allocated() != 0 && !external ? state.host() : 0;
    requireInFile(needed, "L2 entry of guest offset", guestOffset);
  }

  /// A file that lost its tail would otherwise read as zeros there, for good after the next merge.
  private void requireInFile(long host, String structure, long at) throws CorruptImageException {
    if (host != 0 && host >= end.getAsLong()) {
      throw new CorruptImageException(
          "%s: %s %#x: its cluster at %#x lies behind the end of the file at %#x: the file was cut short;"
                  .formatted(name, structure, at, host, end.getAsLong())
              + " restore it from a copy");
    }
  }

  private void requireValidBitmap(ClusterState state, long bitmap, long guestOffset)
      throws CorruptImageException {
    if (state.compressed()) {
      return;
    }
    if (!SubclusterBitmap.valid(bitmap) || (!state.hasHost() && state.allocated() != 0)) {
      throw broken(guestOffset, "a valid subcluster bitmap", bitmap);
    }
  }

  private CorruptImageException broken(long guestOffset, String expected, long found) {
    return new CorruptImageException(
        "%s: L2 entry of guest offset %#x: expected %s, found %#x; run a check"
            .formatted(name, guestOffset, expected, found));
  }

  /// The uniform stretch at `at`, at most `maxLength` bytes.
  public LayerExtent extent(long at, long maxLength) throws IOException {
    long end = at + maxLength;
    LayerExtent found = piece(at, end);
    while (found.end() < end) {
      long plain = plainRun(found, end);
      if (plain > 0) {
        found = new LayerExtent(at, found.length() + plain, found.kind(), found.hostOffset());
        continue;
      }
      LayerExtent next = piece(found.end(), end);
      if (!continues(found, next)) {
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
    long table = l2Table(from);
    int index = geometry.l2Index(from);
    long most = Math.min((end - from) >>> geometry.clusterBits(), geometry.l2Entries() - index);
    int step = 0;
    if (found.kind() == ExtentKind.DATA) {
      step = cluster;
      most = Math.min(most, (this.end.getAsLong() - expected) >> geometry.clusterBits());
    }
    long count = 0;
    while (table != 0 && count < most) {
      long word = table + (index + count) * Long.BYTES;
      MetadataBlock block = cache.get(word);
      long blockEnd = block.offset() + cache.blockSize();
      while (count < most && word < blockEnd && (block.word(word) & ~L2Entry.COPIED) == expected) {
        count++;
        word += Long.BYTES;
        expected += step;
      }
      if (word < blockEnd) {
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
    long table = l2Table(at);
    if (table == 0) {
      long span = geometry.bytesPerL2Table();
      long tableEnd = (at / span + 1) * span;
      return new LayerExtent(at, Math.min(end, tableEnd) - at, ExtentKind.NONE, -1);
    }
    ClusterState state = stateIn(table, at);
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
}
