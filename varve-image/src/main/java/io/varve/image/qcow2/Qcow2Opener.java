// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.ffi.SystemCallException;
import io.varve.image.CorruptImageException;
import io.varve.image.ImageException;
import io.varve.image.ReadOnlyImageException;
import io.varve.image.qcow2.alloc.ClusterAllocator;
import io.varve.image.qcow2.alloc.DroppedClusters;
import io.varve.image.qcow2.alloc.FreshClusters;
import io.varve.image.qcow2.alloc.RefcountBlocks;
import io.varve.image.qcow2.alloc.Refcounts;
import io.varve.image.qcow2.bitmap.BitmapStore;
import io.varve.image.qcow2.check.CheckProgress;
import io.varve.image.qcow2.check.CheckReport;
import io.varve.image.qcow2.check.Qcow2Check;
import io.varve.image.qcow2.check.RepairMode;
import io.varve.image.qcow2.format.FeatureBits;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.format.HeaderArea;
import io.varve.image.qcow2.format.HeaderExtension;
import io.varve.image.qcow2.format.LuksExtension;
import io.varve.image.qcow2.format.Qcow2FormatException;
import io.varve.image.qcow2.format.SnapshotTable;
import io.varve.image.qcow2.io.DataArea;
import io.varve.image.qcow2.io.ImageParts;
import io.varve.image.qcow2.io.WriteRules;
import io.varve.image.qcow2.metadata.ClusterSet;
import io.varve.image.qcow2.metadata.EntryTable;
import io.varve.image.qcow2.metadata.FlushOrder;
import io.varve.image.qcow2.metadata.HeaderFields;
import io.varve.image.qcow2.metadata.ImageDamage;
import io.varve.image.qcow2.metadata.MetadataCache;
import io.varve.image.qcow2.metadata.OverlapCheck;
import io.varve.image.storage.Storage;
import io.varve.image.storage.StorageEvent;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Takes an image from its header to parts that work together.
final class Qcow2Opener {
  private Qcow2Opener() {}

  /// The header, after what a writable open has to do first: refuse a corrupt image, repair a dirty
  /// one, and clear the autoclear bits of what Varve does not maintain (spec: "Header", bytes
  /// 72-95).
  static HeaderArea prepare(Storage storage, Qcow2Options options) throws IOException {
    HeaderArea area =
        options.forCheck() ? HeaderFile.readForCheck(storage) : HeaderFile.read(storage);
    boolean stale = warnOfStaleBitmaps(area, options.notices());
    if (!options.writable()) {
      return area;
    }
    if (area.header().corrupt()) {
      throw ImageException.inWords(
          "qcow2: Image is corrupt; cannot be opened read/write",
          new ReadOnlyImageException(
              storage.name()
                  + ": header at 72: the image is marked corrupt and cannot be opened read/write;"
                  + " run a check with repair first"));
    }
    if (area.header().dirty()) {
      repair(storage);
      area = HeaderFile.read(storage);
    }
    Header header = area.header();
    if ((header.autoclear() & ~FeatureBits.MAINTAINED_AUTOCLEAR) != 0) {
      HeaderFields fields = new HeaderFields(storage, header);
      fields.writeFeatures(
          header.incompatible(), header.autoclear() & FeatureBits.MAINTAINED_AUTOCLEAR);
      storage.flush();
      area = HeaderFile.read(storage);
    }
    if (stale) {
      // Their clusters stay leaked: a check finds them.
      area = HeaderFile.change(storage, old -> old.without(HeaderExtension.BITMAPS));
    }
    return area;
  }

  /// True, after a warning, if somebody wrote to the image who keeps no bitmaps.
  static boolean warnOfStaleBitmaps(HeaderArea area, Consumer<String> notices) {
    boolean stale =
        (area.header().autoclear() & FeatureBits.BITMAPS) == 0
            && area.extension(HeaderExtension.BITMAPS).isPresent();
    if (stale) {
      notices.accept(staleWarning(area.header().version()));
    }
    return stale;
  }

  private static String staleWarning(int version) {
    String what =
        version < 3
            ? "This qcow2 v2 image contains bitmaps, but they may have been modified by a program"
                + " without persistent bitmap support; so now they must all be considered"
                + " inconsistent"
            : "a program lacking bitmap support modified this file, so all bitmaps are now"
                + " considered inconsistent";
    return "warning: "
        + what
        + "\nSome clusters may be leaked, run 'qemu-img check -r' on the image file to fix.";
  }

  /// The persistent bitmaps of an image.
  static BitmapStore bitmaps(
      Storage storage, HeaderArea area, @Nullable ImageParts parts, BitmapStore.HeaderChange change)
      throws IOException {
    try {
      return BitmapStore.load(storage, area, area.header().size() & -512L, parts, change);
    } catch (Qcow2FormatException e) {
      throw FormatErrors.named(storage.name(), e);
    }
  }

  private static void repair(Storage storage) throws IOException {
    CheckReport report = Qcow2Check.repair(storage, RepairMode.ALL, CheckProgress.NONE);
    if (report.corruptions() > 0 || report.checkErrors() > 0) {
      throw ImageException.inWords(
          "Could not repair dirty image: Input/output error",
          new CorruptImageException(
              storage.name()
                  + ": the image was not closed cleanly and a repair left "
                  + report.corruptions()
                  + " errors; restore it from a copy"));
    }
  }

  /// The L1 table that the header names.
  static EntryTable activeL1(Storage storage, Header header) throws IOException {
    return EntryTable.load(storage, header.l1Offset(), header.l1Size());
  }

  /// The refcount table that the header names; at most 8 MiB.
  static EntryTable refcountTable(Storage storage, Header header) throws IOException {
    int entries = (int) ((long) header.refcountTableClusters() * header.clusterSize() / Long.BYTES);
    storage.announce(StorageEvent.REFTABLE_LOAD);
    try {
      return EntryTable.load(storage, header.refcountTableOffset(), entries);
    } catch (SystemCallException e) {
      throw ImageException.inWords(
          "Could not initialize refcount handling: Input/output error",
          new CorruptImageException(
              storage.name() + ": the refcount table cannot be read; see what the disk says", e));
    }
  }

  /// The snapshot table, which nobody looks into before a check.
  static SnapshotTable.Loaded snapshots(Storage storage, Header header, Qcow2Options options)
      throws IOException {
    return options.forCheck() || header.snapshotCount() == 0
        ? new SnapshotTable.Loaded(List.of(), 0, 0)
        : snapshots(storage, header);
  }

  static SnapshotTable.Loaded snapshots(Storage storage, Header header) throws IOException {
    try {
      return SnapshotTable.load(storage::read, header, Long.MAX_VALUE);
    } catch (Qcow2FormatException e) {
      throw FormatErrors.named(storage.name(), e);
    }
  }

  /// The parts of an image that is open for writing.
  static ImageParts parts(
      Storage storage,
      DataArea data,
      Header header,
      MetadataCache cache,
      EntryTable l1,
      SnapshotTable.Loaded snapshots,
      Qcow2Options options,
      ImageDamage damage)
      throws IOException {
    Geometry geometry = header.geometry();
    EntryTable table = refcountTable(storage, header);
    FlushOrder order = new FlushOrder(storage, cache);
    order.attachRefcountTable(table);
    HeaderFields fields = new HeaderFields(storage, header);
    damage.attachHeader(fields);
    MetadataClusters found = MetadataClusters.of(geometry, header, table, l1, snapshots);
    ClusterSet metadata = found.all();
    OverlapCheck overlaps =
        new OverlapCheck(
            storage,
            geometry,
            metadata,
            found.disputed(),
            options.overlapRules(),
            damage,
            fields,
            order);
    order.attachGuards(damage, overlaps);
    Refcounts refcounts = new Refcounts(storage.name(), geometry, cache, table, damage);
    ClusterAllocator allocator =
        new ClusterAllocator(storage, geometry, refcounts, overlaps, damage);
    allocator.attachGrowth(
        new RefcountBlocks(
            storage, geometry, refcounts, allocator, cache, order, fields, metadata, overlaps));
    WriteRules rules = options.writeRules();
    DroppedClusters dropped =
        new DroppedClusters(
            storage, geometry, refcounts, allocator, cache, metadata, rules.punch(), damage);
    FreshClusters fresh =
        new FreshClusters(storage, geometry, refcounts, allocator, !rules.qemuLayout());
    order.attachRelease(() -> {
      fresh.committed();
      dropped.release();
    });
    order.attachData(data::flushDataFile);
    return new ImageParts(
        storage,
        data,
        geometry,
        header.version(),
        cache,
        order,
        fields,
        refcounts,
        allocator,
        fresh,
        dropped,
        metadata,
        rules,
        overlaps,
        damage);
  }

  /// Guards the LUKS header against everything that is written to the image.
  static void guardLuks(ImageParts parts, HeaderArea area) throws IOException {
    Storage storage = parts.storage();
    try {
      LuksExtension luks = area.luks().orElse(null);
      if (luks != null) {
        long inFile = Math.max(0, storage.size() - luks.offset());
        long length = Long.compareUnsigned(luks.length(), inFile) < 0 ? luks.length() : inFile;
        Geometry geometry = parts.geometry();
        parts.metadata().add(geometry.hostCluster(luks.offset()), geometry.clustersFor(length));
      }
    } catch (Qcow2FormatException e) {
      throw FormatErrors.named(storage.name(), e);
    }
  }
}
