// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What Varve keeps in the extra data of a snapshot table entry, behind the 24 bytes that the
/// format knows: on which snapshot this one was taken, and whether the disk stands on it now. QEMU
/// keeps extra data that it does not know. An entry of another maker has none, and its parent is
/// unknown.
///
/// | bytes | meaning |
/// |---|---|
/// | 0-3 | `VARV` |
/// | 4 | version, 1 |
/// | 5 | bit 0: it has a parent; bit 1: the disk stands on this snapshot |
/// | 6-7 | length of the parent's id |
/// | 8-15 | when the parent was taken: seconds, nanoseconds (an id alone can be used again) |
/// | 16- | the parent's id |
///
/// @param parent the snapshot it was taken on, null for the first one
/// @param current the disk stands on it
public record SnapshotLineage(@Nullable Ref parent, boolean current) {
  private static final int MAGIC = 0x56415256;
  private static final int VERSION = 1;
  private static final int FIXED = 16;
  private static final int HAS_PARENT = 1;
  private static final int CURRENT = 2;

  /// A snapshot, named so that no later one can be taken for it.
  public record Ref(String id, int seconds, int nanos) {
    public static Ref of(SnapshotEntry entry) {
      return new Ref(entry.id(), entry.seconds(), entry.nanos());
    }

    public boolean names(SnapshotEntry entry) {
      return equals(of(entry));
    }
  }

  /// What an entry says of its lineage; empty if Varve did not write it.
  public static Optional<SnapshotLineage> of(SnapshotEntry entry) {
    ByteBuffer in = entry.unknownExtra().buffer();
    if (in.limit() < FIXED || in.getInt(0) != MAGIC || in.get(4) != VERSION) {
      return Optional.empty();
    }
    int length = in.getShort(6) & 0xffff;
    if (length > in.limit() - FIXED) {
      return Optional.empty();
    }
    int flags = in.get(5);
    Ref parent = null;
    if ((flags & HAS_PARENT) != 0) {
      String id = Bytes.take(in.duplicate().position(FIXED), length).asText();
      parent = new Ref(id, in.getInt(8), in.getInt(12));
    }
    return Optional.of(new SnapshotLineage(parent, (flags & CURRENT) != 0));
  }

  /// The entry with this lineage. Extra data of another maker is left as it is.
  public SnapshotEntry in(SnapshotEntry entry) {
    if (!entry.unknownExtra().isEmpty() && of(entry).isEmpty()) {
      return entry;
    }
    Bytes id = parent == null ? Bytes.EMPTY : Bytes.utf8(parent.id());
    ByteBuffer out = ByteBuffer.allocate(FIXED + id.length());
    int flags = (parent == null ? 0 : HAS_PARENT) | (current ? CURRENT : 0);
    out.putInt(MAGIC).put((byte) VERSION).put((byte) flags).putShort((short) id.length());
    out.putInt(parent == null ? 0 : parent.seconds()).putInt(parent == null ? 0 : parent.nanos());
    id.putTo(out);
    return entry.withExtra(Bytes.of(out.array()));
  }

  /// The snapshot that the disk stands on, empty if none or unknown.
  public static Optional<SnapshotEntry> current(List<SnapshotEntry> entries) {
    return entries.stream()
        .filter(entry -> of(entry).map(SnapshotLineage::current).orElse(false))
        .findFirst();
  }

  /// The entries with the disk standing on `now`, or on none of them.
  public static List<SnapshotEntry> standingOn(
      @Nullable SnapshotEntry now, List<SnapshotEntry> entries) {
    return entries.stream().map(entry -> moved(entry, entry.equals(now))).toList();
  }

  private static SnapshotEntry moved(SnapshotEntry entry, boolean current) {
    Optional<SnapshotLineage> own = of(entry);
    if (own.isEmpty() || own.get().current() == current) {
      return entry;
    }
    return new SnapshotLineage(own.get().parent(), current).in(entry);
  }

  /// The entries after `taken` was taken of the disk and stands last in them. Its parent is left
  /// open where another maker's snapshots leave open on which of them the disk stood.
  public static List<SnapshotEntry> taken(List<SnapshotEntry> before, SnapshotEntry taken) {
    Optional<SnapshotEntry> parent = current(before);
    boolean known = parent.isPresent() || before.stream().allMatch(e -> of(e).isPresent());
    List<SnapshotEntry> after = new java.util.ArrayList<>(standingOn(null, before));
    Ref ref = parent.map(Ref::of).orElse(null);
    after.add(known ? new SnapshotLineage(ref, true).in(taken) : taken);
    return after;
  }

  /// The entries without `gone`: what stood on it stands on its parent.
  public static List<SnapshotEntry> without(SnapshotEntry gone, List<SnapshotEntry> entries) {
    SnapshotLineage inherited = of(gone).orElse(new SnapshotLineage(null, false));
    return entries.stream()
        .filter(entry -> !entry.equals(gone))
        .map(entry -> inheriting(entry, gone, inherited))
        .toList();
  }

  private static SnapshotEntry inheriting(
      SnapshotEntry entry, SnapshotEntry gone, SnapshotLineage inherited) {
    Optional<SnapshotLineage> own = of(entry);
    if (own.isEmpty()) {
      return entry;
    }
    Ref parent = own.get().parent();
    boolean orphaned = parent != null && parent.names(gone);
    Ref grandparent = inherited.parent();
    boolean current =
        own.get().current()
            || (inherited.current() && grandparent != null && grandparent.names(entry));
    return new SnapshotLineage(orphaned ? grandparent : parent, current).in(entry);
  }
}
