// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.format;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What the first cluster holds: the header, its extensions in their order, and the backing file
/// name. A value; unknown extensions and header fields survive parsing and encoding untouched.
///
/// The header's own backing offset and size describe where the name was found; encoding computes
/// them anew.
///
/// @param backing bytes of the backing file name, null where the image names none
public record HeaderArea(Header header, List<HeaderExtension> extensions, @Nullable Bytes backing) {

  public HeaderArea {
    extensions = List.copyOf(extensions);
  }

  /// Reads the first cluster, or as much of it as the file has, and refuses what Varve cannot open:
  /// unknown incompatible features, an image without refcounts, a name that is not text. Encryption
  /// and an external data file are for whoever opens the data to refuse.
  public static HeaderArea parse(ByteBuffer cluster0) throws Qcow2FormatException {
    HeaderArea area = HeaderAreaParser.parse(cluster0, true);
    Refusals.requireOpenable(area);
    return area;
  }

  /// Reads like [#parse] for a check, which has words of its own for what it finds: unknown
  /// features, an image without refcounts, and whatever the header says of the snapshot table, are
  /// not refused.
  public static HeaderArea inspect(ByteBuffer cluster0) throws Qcow2FormatException {
    return HeaderAreaParser.parse(cluster0, false);
  }

  /// The first cluster as a whole, laid out as QEMU does: header, extensions, end marker, name.
  ///
  /// @throws Qcow2FormatException UNSUPPORTED where it does not fit
  public byte[] encode() throws Qcow2FormatException {
    byte[] image = new byte[header.clusterSize()];
    HeaderLayout layout = HeaderLayout.natural(this);
    layout.writeTo(image);
    return image;
  }

  /// The name of the backing file, null where there is none; what is not UTF-8 shows as replacement
  /// characters.
  public @Nullable String backingName() {
    Bytes name = backing == null ? Bytes.EMPTY : backing.untilNul();
    return name.isEmpty() ? null : name.asText();
  }

  /// The format that the image gives to its backing file, null where it gives none.
  public @Nullable String backingFormat() {
    return extension(HeaderExtension.BACKING_FORMAT)
        .map(Bytes::untilNul)
        .filter(data -> !data.isEmpty())
        .map(Bytes::asText)
        .orElse(null);
  }

  /// The name of the external data file, for telling about it.
  public @Nullable String dataFileName() {
    return extension(HeaderExtension.DATA_FILE)
        .map(Bytes::untilNul)
        .map(Bytes::asText)
        .orElse(null);
  }

  /// Varve's identity of the layer.
  ///
  /// @throws Qcow2FormatException CORRUPT where it is there but damaged
  public Optional<VarveIdentity> identity() throws Qcow2FormatException {
    Bytes data = extension(VarveIdentity.MAGIC).orElse(null);
    return data == null ? Optional.empty() : Optional.of(VarveIdentity.decode(data));
  }

  /// Where the persistent bitmaps are; empty where there are none, and where they are stale because
  /// somebody wrote who does not keep them (the autoclear bit is off).
  ///
  /// @throws Qcow2FormatException CORRUPT where the extension breaks the rules
  public Optional<BitmapsExtension> bitmaps() throws Qcow2FormatException {
    Bytes data = extension(HeaderExtension.BITMAPS).orElse(null);
    return data == null || (header.autoclear() & FeatureBits.BITMAPS) == 0
        ? Optional.empty()
        : Optional.of(BitmapsExtension.parse(data, header.geometry()));
  }

  /// Where the LUKS header lies; empty for an image that is not encrypted so.
  ///
  /// @throws Qcow2FormatException CORRUPT where the header names the method and nothing says where
  public Optional<LuksExtension> luks() throws Qcow2FormatException {
    if (header.cryptMethod() != Header.CRYPT_LUKS) {
      return Optional.empty();
    }
    Bytes data = extension(HeaderExtension.LUKS).orElse(null);
    if (data == null) {
      throw Qcow2FormatException.corrupt(
          "header",
          32,
          "Missing CRYPTO header for crypt method " + header.cryptMethod(),
          "a header extension",
          "none");
    }
    return Optional.of(LuksExtension.parse(data, 0, header.cryptMethod(), header.clusterSize()));
  }

  /// Data of the first extension of this type.
  public Optional<Bytes> extension(int magic) {
    // No stream: this is on the way of every command, and their first use is slow.
    for (HeaderExtension extension : extensions) {
      if (extension.magic() == magic) {
        return Optional.of(extension.data());
      }
    }
    return Optional.empty();
  }

  /// Refuses what [#parse] refuses, apart from damage that a check can tell about.
  public void requireSupported() throws Qcow2FormatException {
    Refusals.requireSupported(this);
  }

  /// Incompatible bits that Varve does not know, by name; empty where there are none.
  public String unknownFeatures() {
    long unknown = header.incompatible() & ~FeatureBits.KNOWN_INCOMPATIBLE;
    Bytes table = extension(HeaderExtension.FEATURE_NAMES).orElse(null);
    return unknown == 0 ? "" : FeatureBits.incompatibleNames(unknown, table);
  }

  public HeaderArea withHeader(Header newHeader) {
    return new HeaderArea(newHeader, extensions, backing);
  }

  /// Names another backing file, or none.
  ///
  /// @param format may be null: then no format is recorded
  public HeaderArea withBacking(@Nullable String name, @Nullable String format) {
    HeaderArea area =
        name != null && format != null
            ? with(formatOf(format))
            : without(HeaderExtension.BACKING_FORMAT);
    return new HeaderArea(header, area.extensions, name == null ? null : Bytes.utf8(name));
  }

  /// Says where the persistent bitmaps are and that they are current, or that there are none.
  public HeaderArea withBitmaps(@Nullable BitmapsExtension bitmaps) {
    HeaderArea area = bitmaps == null ? without(HeaderExtension.BITMAPS) : with(bitmaps.encode());
    long others = header.autoclear() & ~FeatureBits.BITMAPS;
    long bits = bitmaps == null ? others : others | FeatureBits.BITMAPS;
    return area.withHeader(new HeaderBuilder(header).autoclear(bits).build());
  }

  private static HeaderExtension formatOf(String format) {
    return new HeaderExtension(HeaderExtension.BACKING_FORMAT, Bytes.utf8(format));
  }

  /// Names the external data file.
  public HeaderArea withDataFile(String name) {
    return with(new HeaderExtension(HeaderExtension.DATA_FILE, Bytes.utf8(name)));
  }

  public HeaderArea withIdentity(VarveIdentity identity) {
    return with(new HeaderExtension(VarveIdentity.MAGIC, identity.encode()));
  }

  /// Adds the table of feature names that helps others to name what they do not know; nothing where
  /// there is one already, in version 2, and where clusters are too small to spend 392 bytes on it.
  public HeaderArea withFeatureNames() {
    boolean wanted = header.version() >= 3 && header.clusterSize() > 4096;
    if (!wanted || extension(HeaderExtension.FEATURE_NAMES).isPresent()) {
      return this;
    }
    return with(new HeaderExtension(HeaderExtension.FEATURE_NAMES, FeatureBits.nameTable()));
  }

  /// Replaces the extension of the same type, or adds this one.
  public HeaderArea with(HeaderExtension extension) {
    List<HeaderExtension> next = new ArrayList<>(extensions);
    next.removeIf(old -> old.magic() == extension.magic());
    next.add(extension);
    return new HeaderArea(header, next, backing).inOrder();
  }

  public HeaderArea without(int magic) {
    List<HeaderExtension> next = new ArrayList<>(extensions);
    next.removeIf(old -> old.magic() == magic);
    return new HeaderArea(header, next, backing);
  }

  /// What changes comes first, so that it lies in the first sector; what is long and never changes
  /// comes last. Extensions of the same rank keep their order.
  HeaderArea inOrder() {
    List<HeaderExtension> next = new ArrayList<>(extensions);
    next.sort((a, b) -> Integer.compare(rank(a.magic()), rank(b.magic())));
    return new HeaderArea(header, next, backing);
  }

  private static int rank(int magic) {
    return switch (magic) {
      case HeaderExtension.BACKING_FORMAT -> 0;
      case VarveIdentity.MAGIC, HeaderExtension.BITMAPS -> 1;
      case HeaderExtension.FEATURE_NAMES -> 3;
      default -> 2;
    };
  }
}
