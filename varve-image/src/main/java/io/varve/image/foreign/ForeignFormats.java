// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import io.varve.image.BackingChainException;
import io.varve.image.Layer;
import io.varve.image.LayerFormat;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Opens images that Varve reads and does not write.
///
/// ```java
/// try (Layer disk = ForeignFormats.open(LayerFormat.VDI, file, ExtentSource.NONE)) {
///   disk.readHeld(GuestOffset.ZERO, buffer);
/// }
/// ```
public final class ForeignFormats {
  private ForeignFormats() {}

  /// Opens an image and takes over `storage`: the layer closes it, also when opening fails.
  ///
  /// @param extents opens what a VMDK descriptor names
  /// @throws io.varve.image.WrongFormatException if the file is of another format
  /// @throws io.varve.image.UnsupportedImageException if it needs what Varve does not read, such as
  ///   a parent
  /// @throws io.varve.image.CorruptImageException if it breaks the format's rules
  public static Layer open(LayerFormat format, Storage storage, ExtentSource extents)
      throws IOException {
    return open(format, storage, extents, _ -> {}, false);
  }

  /// As [#open(LayerFormat, Storage, ExtentSource)], for a program that tells what it meets.
  ///
  /// @param notices hears what QEMU prints beside a failure
  /// @param forCheck what [ForeignCheck] tells of is no reason to refuse the image
  public static Layer open(
      LayerFormat format,
      Storage storage,
      ExtentSource extents,
      Consumer<String> notices,
      boolean forCheck)
      throws IOException {
    try {
      return switch (format) {
        case VMDK -> VmdkLayer.open(storage, extents);
        case VPC -> VhdLayer.open(storage);
        case VHDX -> VhdxLayer.open(storage, notices, forCheck);
        case VDI -> VdiLayer.open(storage);
        case QCOW2, RAW -> throw new IllegalArgumentException(format + " has a layer of its own");
      };
    } catch (IOException | RuntimeException e) {
      try {
        storage.close();
      } catch (IOException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
  }

  /// The format of a file by its first bytes, as QEMU finds it out; null where it is none of these.
  /// Only for where the user asks for detection. A fixed VHD has nothing at its start.
  ///
  /// @param start the first 2048 bytes, or all of a shorter file
  public static @Nullable LayerFormat probe(ByteBuffer start) {
    ByteBuffer bytes = start.slice().order(ByteOrder.LITTLE_ENDIAN);
    if (begins(bytes, VhdLayer.COOKIE)) {
      return LayerFormat.VPC;
    }
    if (begins(bytes, VhdxLayer.SIGNATURE)) {
      return LayerFormat.VHDX;
    }
    if (bytes.limit() >= 512 && bytes.getInt(0x40) == VdiLayer.SIGNATURE) {
      return LayerFormat.VDI;
    }
    return isVmdk(bytes) ? LayerFormat.VMDK : null;
  }

  private static boolean begins(ByteBuffer bytes, byte[] cookie) {
    return bytes.limit() >= cookie.length
        && bytes.slice(0, cookie.length).equals(ByteBuffer.wrap(cookie));
  }

  /// A sparse file by its magic; a descriptor by its version line, before which only comments and
  /// blank lines may stand.
  private static boolean isVmdk(ByteBuffer bytes) {
    if (bytes.limit() >= 4) {
      int magic = bytes.order(ByteOrder.BIG_ENDIAN).getInt(0);
      if (magic == VmdkHeader.MAGIC_3 || magic == VmdkHeader.MAGIC_4) {
        return true;
      }
    }
    byte[] all = new byte[bytes.limit()];
    bytes.get(0, all);
    String text = new String(all, StandardCharsets.ISO_8859_1);
    int at = 0;
    while (at < text.length()) {
      int lineEnd = text.indexOf('\n', at);
      if (text.charAt(at) == '#') {
        at = lineEnd < 0 ? text.length() : lineEnd + 1;
        continue;
      }
      if (text.charAt(at) != ' ') {
        break;
      }
      if (lineEnd < 0 || !text.substring(at, lineEnd).isBlank()) {
        return false;
      }
      at = lineEnd + 1;
    }
    String rest = text.substring(Math.min(at, text.length()));
    return rest.length() > 10
        && rest.startsWith("version=")
        && "123".indexOf(rest.charAt(8)) >= 0
        && (rest.startsWith("\n", 9) || rest.startsWith("\r\n", 9));
  }

  /// What a VMDK says of itself; empty for any other layer.
  public static Optional<VmdkInfo> vmdk(Layer layer) {
    return layer instanceof VmdkLayer vmdk ? Optional.of(vmdk.info()) : Optional.empty();
  }

  /// Refuses a base that is not the one over which a VMDK was made, by its content's number. Other
  /// layers have nothing to say.
  public static void requireParent(Layer overlay, Layer base) throws BackingChainException {
    if (overlay instanceof VmdkLayer above) {
      long wanted = above.info().parentCid();
      long found = base instanceof VmdkLayer below ? below.info().cid() : -1;
      if (wanted != found) {
        throw new BackingChainException(
            "%s: its parent %s is not as it was when the VMDK was made: expected CID %08x, found %08x"
                .formatted(overlay.name(), base.name(), wanted, found));
      }
    }
  }

  /// Bytes of one block or grain, 0 where the image has none: what QEMU tells as its cluster size.
  public static long clusterSize(Layer layer) {
    if (layer instanceof VhdLayer vhd) {
      return vhd.blockSize();
    }
    if (layer instanceof VmdkLayer vmdk) {
      return vmdk.extents().isEmpty() ? 0 : vmdk.extents().getFirst().grainBytes();
    }
    return layer.clusterSize();
  }
}
