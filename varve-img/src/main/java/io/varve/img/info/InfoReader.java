// SPDX-License-Identifier: Apache-2.0
package io.varve.img.info;

import io.varve.image.BackingReference;
import io.varve.image.Layer;
import io.varve.image.foreign.ForeignFormats;
import io.varve.image.foreign.VmdkInfo;
import io.varve.image.qcow2.Qcow2Description;
import io.varve.image.qcow2.format.BitmapDirectoryEntry;
import io.varve.image.qcow2.format.FeatureBits;
import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.format.HeaderArea;
import io.varve.image.storage.Storage;
import io.varve.img.ImgException;
import io.varve.img.open.BackingNames;
import io.varve.img.open.Failures;
import io.varve.img.open.ImageFile;
import io.varve.img.open.ImageSpec;
import io.varve.img.open.Images;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Looks at an image without opening anything that it names.
public final class InfoReader {
  private final Images images;
  private final boolean forceShare;

  /// @param forceShare take no notice of others' locks
  public InfoReader(Images images, boolean forceShare) {
    this.images = images;
    this.forceShare = forceShare;
  }

  /// @throws ImgException `Could not open 'NAME': …`
  ImageInfo read(ImageSpec spec) throws ImgException {
    try (ImageFile file = images.openFile(spec, forceShare)) {
      return switch (file.driver()) {
        case "qcow2" -> qcow2(file);
        case "raw" -> raw(file);
        case "vmdk", "vpc", "vhdx", "vdi" -> foreign(file);
        case "file", "host_device", "null-co", "null-aio", "blkdebug" -> child(file);
        default -> throw new ImgException("image format '" + file.driver() + "' is not supported");
      };
    } catch (ImgException e) {
      throw e.after("Could not open '" + spec.name() + "'");
    } catch (IOException e) {
      throw new ImgException("Could not open '" + spec.name() + "': " + Failures.reason(e));
    }
  }

  private ImageInfo foreign(ImageFile image) throws IOException, ImgException {
    ImageInfo file = child(image);
    try (Layer layer = image.openForeign(images.console(), forceShare)) {
      VmdkInfo vmdk = ForeignFormats.vmdk(layer).orElse(null);
      BackingReference base = layer.backing().orElse(null);
      String name = base == null ? null : base.name();
      List<ImageInfo.Child> extents =
          vmdk == null ? List.of() : extents(vmdk, image.plainFileName());
      long actual = file.actualSize();
      for (ImageInfo.Child extent : extents) {
        actual += extent.info().actualSize();
      }
      return new ImageInfo(
          image.shownName(Map.of()),
          image.driver(),
          layer.size(),
          actual,
          false,
          false,
          (int) ForeignFormats.clusterSize(layer),
          name,
          name == null ? null : fullName(image.plainFileName(), name),
          base == null ? null : base.format(),
          List.of(),
          vmdk == null ? null : "vmdk",
          vmdk == null ? Map.of() : VmdkFacts.of(vmdk, image.plainFileName()),
          extents,
          file);
    }
  }

  /// The files of the extents, as QEMU lists them: the last one first.
  private static List<ImageInfo.Child> extents(VmdkInfo vmdk, String image) throws IOException {
    List<ImageInfo.Child> children = new ArrayList<>();
    for (int i = 0; i < vmdk.extents().size(); i++) {
      VmdkInfo.Extent extent = vmdk.extents().get(i);
      if (!extent.own()) {
        String name = BackingNames.besides(image, extent.name());
        children.addFirst(new ImageInfo.Child("extents." + i, file(name, extent.file())));
      }
    }
    return children;
  }

  private static ImageInfo file(String name, Storage file) throws IOException {
    boolean device = file.capabilities().fixedSize();
    return file(name, device ? "host_device" : "file", file);
  }

  private static ImageInfo file(String name, String driver, Storage file) throws IOException {
    boolean device = !driver.equals("file");
    return new ImageInfo(
        name,
        driver,
        (file.size() + 511) / 512 * 512,
        device ? 0 : file.allocatedBytes(),
        false,
        false,
        0,
        null,
        null,
        null,
        List.of(),
        device ? null : "file",
        Map.of(),
        List.of(),
        null);
  }

  private static ImageInfo raw(ImageFile image) throws IOException, ImgException {
    Storage part = image.rawPart();
    return raw(image.shownName(Map.of()), part, child(image));
  }

  /// What the image lies in: the file, the part of it that options cut out, or rules before it.
  private static ImageInfo child(ImageFile image) throws IOException {
    List<ImageFile.Part> parts = image.parts();
    ImageFile.Part last = parts.getLast();
    ImageInfo info = file(last.name(), last.driver(), last.storage());
    for (int i = parts.size() - 2; i >= 0; i--) {
      ImageFile.Part part = parts.get(i);
      info =
          part.driver().equals("raw")
              ? raw(part.name(), part.storage(), info)
              : filter(part, parts.get(i + 1).role(), info);
    }
    return info;
  }

  /// Rules before a file, whose space on disk QEMU does not tell.
  private static ImageInfo filter(ImageFile.Part part, String role, ImageInfo inner)
      throws IOException {
    return new ImageInfo(
        part.name(),
        part.driver(),
        (part.storage().size() + 511) / 512 * 512,
        -1,
        false,
        false,
        0,
        null,
        null,
        null,
        List.of(),
        null,
        Map.of(),
        List.of(new ImageInfo.Child(role, inner)),
        null);
  }

  private static ImageInfo raw(String name, Storage part, ImageInfo file) throws IOException {
    return new ImageInfo(
        name,
        "raw",
        (part.size() + 511) / 512 * 512,
        file.actualSize(),
        false,
        false,
        0,
        null,
        null,
        null,
        List.of(),
        null,
        Map.of(),
        List.of(),
        file);
  }

  private ImageInfo qcow2(ImageFile image) throws IOException, ImgException {
    Map<String, String> telling = image.takeQcow2Options();
    Qcow2Description told = Qcow2Description.read(image.storage(), images.console()::notice);
    HeaderArea area = told.area();
    Header header = area.header();
    ImageInfo file = child(image);
    String name = image.shownName(telling);
    String backing = area.backingName();
    return new ImageInfo(
        name,
        "qcow2",
        header.size() & -512L,
        file.actualSize(),
        header.cryptMethod() != Header.CRYPT_NONE,
        header.dirty(),
        header.clusterSize(),
        backing,
        backing == null ? null : fullName(image.plainFileName(), backing),
        backing == null ? null : area.backingFormat(),
        told.snapshots(),
        "qcow2",
        specific(told),
        List.of(),
        file);
  }

  private static @Nullable String fullName(String image, String backing) {
    try {
      return BackingNames.full(image, backing);
    } catch (ImgException _) {
      return null;
    }
  }

  static Map<String, Object> specific(Qcow2Description told) {
    HeaderArea area = told.area();
    Header header = area.header();
    Map<String, Object> data = new LinkedHashMap<>();
    boolean old = header.version() < 3;
    data.put("compat", old ? "0.10" : "1.1");
    data.put(
        "compression-type", header.compressionType() == Header.COMPRESSION_ZSTD ? "zstd" : "zlib");
    if (old) {
      data.put("refcount-bits", 16L);
      encryption(data, told);
      return data;
    }
    data.put("lazy-refcounts", (header.compatible() & FeatureBits.LAZY_REFCOUNTS) != 0);
    if (!told.bitmaps().isEmpty()) {
      data.put("bitmaps", bitmaps(told.bitmaps()));
    }
    data.put("refcount-bits", 1L << header.refcountOrder());
    String dataFile = area.dataFileName();
    if (dataFile != null) {
      data.put("data-file", dataFile);
    }
    encryption(data, told);
    if (header.externalDataFile()) {
      data.put("data-file-raw", (header.autoclear() & FeatureBits.RAW_DATA) != 0);
    }
    data.put("corrupt", header.corrupt());
    data.put("extended-l2", header.geometry().extendedL2());
    return data;
  }

  private static void encryption(Map<String, Object> data, Qcow2Description told) {
    if (told.encryption() != null) {
      data.put("encrypt", EncryptionFields.of(told.encryption()));
    }
  }

  private static List<Object> bitmaps(List<BitmapDirectoryEntry> entries) {
    List<Object> bitmaps = new ArrayList<>();
    for (BitmapDirectoryEntry entry : entries) {
      Map<String, Object> bitmap = new LinkedHashMap<>();
      List<Object> flags = new ArrayList<>();
      if (entry.inUse()) {
        flags.add("in-use");
      }
      if (entry.auto()) {
        flags.add("auto");
      }
      bitmap.put("flags", flags);
      bitmap.put("name", entry.name().asText());
      bitmap.put("granularity", 1L << entry.granularityBits());
      bitmaps.add(bitmap);
    }
    return bitmaps;
  }
}
