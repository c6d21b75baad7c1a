// SPDX-License-Identifier: Apache-2.0
package io.varve.image.foreign;

import io.varve.image.ExtentKind;
import io.varve.image.Layer;
import io.varve.image.LayerExtent;
import java.io.IOException;
import java.util.BitSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Checks an image of a format that Varve only reads, with the verdicts of `qemu-img check`.
///
/// **Threads.** A static method without state.
public final class ForeignCheck {
  private ForeignCheck() {}

  /// What was found.
  ///
  /// @param failure why the check broke off, in the C library's words; null if it did not
  public record Result(long corruptions, @Nullable String failure) {}

  /// True if QEMU checks images of this layer's format.
  public static boolean knows(Layer layer) {
    return layer instanceof VmdkLayer || layer instanceof VdiLayer || layer instanceof VhdxLayer;
  }

  /// Reads, and never writes.
  ///
  /// @param layer one that [#knows] says yes to
  /// @param hearer told of each finding, in one line
  public static Result run(Layer layer, Consumer<String> hearer) throws IOException {
    if (layer instanceof VmdkLayer vmdk) {
      return vmdk(vmdk, hearer);
    }
    if (layer instanceof VdiLayer vdi) {
      return vdi(vdi, hearer);
    }
    return new Result(layer instanceof VhdxLayer vhdx ? vhdx.lostBlocks() : 0, null);
  }

  /// Every grain must lie in its file. The first that does not ends the check.
  private static Result vmdk(VmdkLayer layer, Consumer<String> hearer) throws IOException {
    for (VmdkExtent extent : layer.extents()) {
      long file = extent.file().size();
      long at = extent.end() - extent.size();
      while (at < extent.end()) {
        LayerExtent piece;
        try {
          piece = extent.piece(at, extent.end() - at);
        } catch (IOException e) {
          hearer.accept("ERROR: could not get cluster_offset for sector " + at / 512);
          return new Result(1, "Invalid argument");
        }
        boolean stored = piece.kind() == ExtentKind.DATA || piece.kind() == ExtentKind.COMPRESSED;
        if (stored && piece.hostOffset() >= file) {
          hearer.accept("ERROR: cluster offset for sector " + at / 512 + " points after EOF");
          return new Result(1, "Invalid argument");
        }
        at = piece.end();
      }
    }
    return new Result(0, null);
  }

  private static Result vdi(VdiLayer layer, Consumer<String> hearer) throws IOException {
    BitSet used = new BitSet();
    long corruptions = 0;
    long found = 0;
    for (long block = 0; block < layer.blocks(); block++) {
      long number = layer.number(block);
      if (number >= VdiLayer.NO_BLOCK) {
        continue;
      }
      if (number >= layer.blocks()) {
        hearer.accept("ERROR: block index " + block + " too large, is " + number);
        corruptions++;
        continue;
      }
      found++;
      if (used.get((int) number)) {
        hearer.accept("ERROR: block index " + number + " also used by " + number);
        corruptions++;
      }
      used.set((int) number);
    }
    if (found != layer.allocatedBlocks()) {
      hearer.accept(
          "ERROR: allocated blocks mismatch, is "
              + found
              + ", should be "
              + layer.allocatedBlocks());
      corruptions++;
    }
    return new Result(corruptions, null);
  }
}
