// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.Below;
import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerExtent;
import io.varve.image.UnsupportedImageException;
import io.varve.image.qcow2.format.FeatureBits;
import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.format.HeaderArea;
import io.varve.image.qcow2.format.HeaderExtension;
import io.varve.image.qcow2.format.SnapshotEntry;
import io.varve.image.qcow2.io.ZeroExpander;
import io.varve.image.qcow2.metadata.FlushOrder;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.util.function.Predicate;

/// Changes what kind of image a file is, in its header. The image must not be open as a layer, be
/// closed cleanly, and be held by the caller alone. Each change is durable on return; a crash
/// leaves the old kind or the new one.
public final class Qcow2Amend {
  private static final long MAX_UINT = 0xffff_ffffL;

  private Qcow2Amend() {}

  /// Version 2 becomes 3, which older programs than QEMU 1.1 do not read.
  public static void upgrade(Storage storage) throws IOException {
    HeaderFile.change(
        storage,
        area ->
            area.header().version() == 3
                ? area
                : area.withHeader(ofVersion3(area.header())).withFeatureNames());
  }

  private static Header ofVersion3(Header old) {
    return header(old, 3, Header.V3_LENGTH, 0);
  }

  /// Version 3 becomes 2. Zero clusters must be gone: see [#expandZeros].
  ///
  /// @throws UnsupportedImageException if the image has what version 2 has no room for
  public static void downgrade(Storage storage) throws IOException {
    requireDowngradable(storage);
    HeaderFile.change(
        storage,
        area ->
            area.withHeader(header(area.header(), 2, Header.V2_LENGTH, 0))
                .without(HeaderExtension.FEATURE_NAMES));
  }

  /// Throws unless version 2 has room for all that the image is, its zero clusters aside.
  public static void requireDowngradable(Storage storage) throws IOException {
    Header header = HeaderFile.read(storage).header();
    if (header.externalDataFile()) {
      throw new UnsupportedImageException("Cannot downgrade an image with a data file");
    }
    long prevented = header.incompatible() & ~(FeatureBits.DIRTY | FeatureBits.COMPRESSION);
    if (prevented != 0) {
      throw new UnsupportedImageException(
          "Cannot downgrade an image with incompatible features 0x%x set".formatted(prevented));
    }
    if (header.refcountOrder() != 4) {
      throw new UnsupportedImageException("compat=0.10 requires refcount_bits=16");
    }
    for (SnapshotEntry snapshot : Qcow2Opener.snapshots(storage, header).entries()) {
      boolean otherSize = snapshot.diskSize() >= 0 && snapshot.diskSize() != header.size();
      if (otherSize || Long.compareUnsigned(snapshot.vmStateSize(), MAX_UINT) > 0) {
        throw new UnsupportedImageException("Internal snapshots prevent downgrade of image");
      }
    }
  }

  /// Throws if compressed clusters keep an image from version 2, which knows deflate alone.
  ///
  /// @throws UnsupportedImageException if there are any
  public static void requireNoZstd(Qcow2Layer layer) throws IOException {
    if (HeaderFile.read(layer.storage()).header().compressionType() == Header.COMPRESSION_ZLIB) {
      return;
    }
    boolean found = has(layer, Qcow2Amend::isCompressed);
    for (InternalSnapshot snapshot : layer.snapshots().list()) {
      found = found || has(layer.snapshots().view(snapshot.id()), Qcow2Amend::isCompressed);
    }
    if (found) {
      throw new UnsupportedImageException(
          "Cannot downgrade an image with zstd compression type and existing compressed clusters");
    }
  }

  private static boolean isCompressed(LayerExtent extent) {
    return extent.kind() == ExtentKind.COMPRESSED;
  }

  private static boolean has(Layer layer, Predicate<LayerExtent> wanted) throws IOException {
    for (long at = 0; at < layer.size(); ) {
      LayerExtent extent = layer.lookup(GuestOffset.of(at), layer.size() - at);
      if (wanted.test(extent)) {
        return true;
      }
      at += extent.length();
    }
    return false;
  }

  private static boolean isZero(LayerExtent extent) {
    return extent.kind() == ExtentKind.ZERO || extent.kind() == ExtentKind.ZERO_ALLOCATED;
  }

  /// Takes all zero flags out of the index of a layer that is open for writing; durable on return.
  ///
  /// @param below what lies beneath the layer
  /// @throws UnsupportedImageException if a snapshot has zero clusters
  public static void expandZeros(Qcow2Layer layer, Below below) throws IOException {
    requireNoZerosInSnapshots(layer);
    layer.lock().writeLock().lock();
    try {
      FlushOrder order = layer.parts().flushOrder();
      order.requireIntact();
      new ZeroExpander(layer.tree(), below).run(layer.diskSize(), layer.clusterSize());
      order.commit();
    } finally {
      layer.lock().writeLock().unlock();
    }
  }

  private static void requireNoZerosInSnapshots(Qcow2Layer layer) throws IOException {
    for (InternalSnapshot snapshot : layer.snapshots().list()) {
      if (has(layer.snapshots().view(snapshot.id()), Qcow2Amend::isZero)) {
        throw new UnsupportedImageException(
            "Internal snapshot '"
                + snapshot.name()
                + "' has zero clusters, which version 2 does not know; delete it first");
      }
    }
  }

  /// Allows or forbids writers to let refcounts lag behind; needs version 3.
  public static void lazyRefcounts(Storage storage, boolean allowed) throws IOException {
    HeaderFile.change(
        storage,
        area -> {
          long others = area.header().compatible() & ~FeatureBits.LAZY_REFCOUNTS;
          long bits = allowed ? others | FeatureBits.LAZY_REFCOUNTS : others;
          return area.withHeader(area.header().withCompatible(bits));
        });
  }

  /// Names another external data file; its content is the caller's affair.
  public static void dataFile(Storage storage, String name) throws IOException {
    HeaderFile.change(storage, area -> area.withDataFile(name));
  }

  /// No longer promises that the data file alone is the disk.
  public static void clearRawDataFile(Storage storage) throws IOException {
    HeaderFile.change(storage, Qcow2Amend::withoutRawPromise);
  }

  private static HeaderArea withoutRawPromise(HeaderArea area) {
    long bits = area.header().autoclear() & ~FeatureBits.RAW_DATA;
    return area.withHeader(area.header().withAutoclear(bits));
  }

  /// The same image under another version, without the features that only one of them has.
  private static Header header(Header old, int version, int length, long compatible) {
    return new Header(
        version,
        old.backingOffset(),
        old.backingSize(),
        old.clusterBits(),
        old.size(),
        old.cryptMethod(),
        old.l1Size(),
        old.l1Offset(),
        old.refcountTableOffset(),
        old.refcountTableClusters(),
        old.snapshotCount(),
        old.snapshotsOffset(),
        0,
        compatible,
        0,
        old.refcountOrder(),
        length,
        Header.COMPRESSION_ZLIB,
        old.unknownFields());
  }
}
