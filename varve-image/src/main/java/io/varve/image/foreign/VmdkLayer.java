// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import io.varve.image.BackingReference;
import io.varve.image.ExtentKind;
import io.varve.image.LayerExtent;
import io.varve.image.LayerFormat;
import io.varve.image.foreign.VmdkDescriptor.ExtentLine;
import io.varve.image.foreign.VmdkExtent.SparseHeader;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A VMDK: one file that describes itself, or a descriptor that names files.
final class VmdkLayer extends ReadOnlyLayer {
  private static final long SECTOR = 512;

  /// Where a sparse file keeps the descriptor that counts for identifiers and the parent.
  private static final long EMBEDDED_AT = 0x200;

  private static final int MOST_TYPE = 127;

  private final VmdkInfo info;
  private final List<VmdkExtent> extents;
  private final @Nullable String parent;

  private VmdkLayer(
      Storage storage, VmdkInfo info, List<VmdkExtent> extents, @Nullable String parent) {
    super(
        storage, LayerFormat.VMDK, extents.isEmpty() ? 0 : extents.getLast().end(), unit(extents));
    this.info = info;
    this.extents = extents;
    this.parent = parent;
  }

  private static int unit(List<VmdkExtent> extents) {
    return extents.isEmpty() || extents.getFirst().flat()
        ? (int) SECTOR
        : (int) extents.getFirst().grainBytes();
  }

  static VmdkLayer open(Storage storage, ExtentSource source) throws IOException {
    if (storage.size() < 4) {
      throw Refused.wrongFormat(storage, "File is too small, not a valid image");
    }
    List<VmdkExtent> extents = new ArrayList<>();
    try {
      int magic = VmdkHeader.magic(storage);
      boolean sparse = magic == VmdkHeader.MAGIC_4 || magic == VmdkHeader.MAGIC_3;
      long only = sparse ? new VmdkHeader(storage).onlyDescriptor() : 0;
      String type;
      if (sparse && only == 0) {
        type = openSparse(storage, magic, extents);
      } else {
        long at = only == 0 ? 0 : Math.clamp(only, 0, 1L << 53) * SECTOR;
        type = openFiles(storage, VmdkDescriptor.read(storage, at), source, extents);
      }
      VmdkDescriptor head = VmdkDescriptor.head(storage, sparse ? EMBEDDED_AT : 0);
      String parent = head.parent(storage);
      VmdkInfo info =
          new VmdkInfo(head.cid(storage), head.parentCid(storage), type, VmdkInfo.of(extents));
      return new VmdkLayer(storage, info, extents, parent);
    } catch (IOException | RuntimeException e) {
      closeOthers(storage, extents);
      throw e;
    }
  }

  private static String openSparse(Storage storage, int magic, List<VmdkExtent> extents)
      throws IOException {
    SparseHeader header = new VmdkHeader(storage).read();
    extents.add(new VmdkExtent(storage, "", "", 0, header.capacity() * SECTOR, header, 0));
    if (header.compressed()) {
      return "streamOptimized";
    }
    return magic == VmdkHeader.MAGIC_3 ? "vmfsSparse" : "monolithicSparse";
  }

  private static String openFiles(
      Storage storage, VmdkDescriptor descriptor, ExtentSource source, List<VmdkExtent> extents)
      throws IOException {
    String type = descriptor.quoted("createType", MOST_TYPE);
    if (type == null) {
      throw Refused.wrongFormat(storage, "invalid VMDK image descriptor");
    }
    if (!readable(type)) {
      throw Refused.unsupported(storage, "Unsupported image type '" + type + "'");
    }
    for (ExtentLine line : descriptor.extents(storage)) {
      Storage file = source.open(line.file());
      long start = extents.isEmpty() ? 0 : extents.getLast().end();
      try {
        extents.add(extent(file, line, start));
      } catch (IOException | RuntimeException e) {
        file.close();
        throw e;
      }
    }
    return type;
  }

  private static boolean readable(String type) {
    return type.equals("monolithicFlat")
        || type.equals("vmfs")
        || type.equals("vmfsSparse")
        || type.equals("seSparse")
        || type.equals("twoGbMaxExtentSparse")
        || type.equals("twoGbMaxExtentFlat");
  }

  private static VmdkExtent extent(Storage file, ExtentLine line, long start) throws IOException {
    String type = line.type();
    if (type.equals("FLAT") || type.equals("VMFS")) {
      long offset = Math.min(line.flatOffset(), 1L << 53) * SECTOR;
      return new VmdkExtent(file, line.file(), type, start, line.sectors() * SECTOR, null, offset);
    }
    if (type.equals("SESPARSE")) {
      throw Refused.unsupported(file, "seSparse extents of VMDK are not supported");
    }
    SparseHeader header = new VmdkHeader(file).read();
    return new VmdkExtent(file, line.file(), type, start, header.capacity() * SECTOR, header, 0);
  }

  VmdkInfo info() {
    return info;
  }

  List<VmdkExtent> extents() {
    return extents;
  }

  private VmdkExtent at(long position) {
    int low = 0;
    int high = extents.size() - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (position < extents.get(middle).end()) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return extents.get(low);
  }

  @Override
  public Optional<BackingReference> backing() {
    return Optional.ofNullable(parent).map(name -> new BackingReference(name, "vmdk"));
  }

  @Override
  LayerExtent piece(long at, long length) throws IOException {
    return at(at).piece(at, length);
  }

  @Override
  boolean mayJoin(long boundary) {
    return at(boundary - 1) == at(boundary);
  }

  @Override
  void readData(LayerExtent extent, ByteBuffer dst) throws IOException {
    at(extent.start()).file().read(extent.hostOffset(), dst);
  }

  @Override
  void readCompressed(long at, ByteBuffer dst) throws IOException {
    VmdkExtent extent = at(at);
    LayerExtent grain = extent.piece(at, dst.remaining());
    if (grain.kind() == ExtentKind.COMPRESSED) {
      extent.readGrain(grain.hostOffset(), at, dst);
    }
  }

  @Override
  public @Nullable Storage mappedStorage(LayerExtent extent) {
    return at(extent.start()).file();
  }

  /// A flat extent is there from the start, written or not.
  @Override
  public boolean seemsPreallocated() {
    return !extents.isEmpty() && extents.stream().allMatch(VmdkExtent::flat);
  }

  @Override
  public void close() throws IOException {
    try {
      closeOthers(storage(), extents);
    } finally {
      super.close();
    }
  }

  private static void closeOthers(Storage own, List<VmdkExtent> extents) throws IOException {
    for (VmdkExtent extent : extents) {
      if (extent.file() != own) {
        extent.file().close();
      }
    }
  }
}
