// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.image.BitmapException;
import io.varve.image.ImageException;
import io.varve.image.Preallocation;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.Qcow2Info;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.format.Geometry;
import io.varve.image.qcow2.format.Limits;
import io.varve.image.raw.RawLayer;
import io.varve.img.ImgException;
import java.io.IOException;

/// Gives a disk another size, in QEMU's words where that cannot be.
public final class ImageResize {
  /// The largest that QEMU's block layer takes.
  private static final long LARGEST = 0x7fff_ffff_c000_0000L;

  private ImageResize() {}

  /// @param chain open for writing
  /// @param total bytes
  /// @param ahead what is set aside for the data to come
  public static void run(Chain chain, long total, Preallocation ahead)
      throws ImgException, IOException {
    if (total > LARGEST) {
      throw new ImgException("offset(" + total + ") exceeds maximum(" + LARGEST + ")");
    }
    if (chain.top() instanceof Qcow2Layer layer) {
      requirePossible(layer, total);
    } else if (!(chain.top() instanceof RawLayer)) {
      throw new ImgException("Image format driver does not support resize");
    } else if (chain.top().storage() instanceof SlicedStorage part
        && part.capabilities().fixedSize()) {
      throw new ImgException("Cannot resize fixed-size raw disks");
    } else if (ahead == Preallocation.METADATA) {
      throw new ImgException("Unsupported preallocation mode: metadata");
    }
    boolean shrinks = chain.top() instanceof Qcow2Layer && total < chain.size();
    try {
      chain.resize(total, ahead);
    } catch (BitmapException e) {
      ImgException failure = new ImgException(e.reason());
      String cure = e.cure();
      throw cure == null ? failure : failure.withHint(cure);
    } catch (IOException e) {
      String reason = Failures.reason(e);
      boolean named = e instanceof ImageException known && known.words() != null;
      if (named && !reason.equals("Input/output error")) {
        throw new ImgException(reason);
      }
      String step = shrinks ? "Failed to discard cropped clusters" : "Failed to resize the image";
      throw new ImgException(step + ": " + reason);
    }
  }

  private static void requirePossible(Qcow2Layer layer, long total)
      throws ImgException, IOException {
    if (total % 512 != 0) {
      throw new ImgException("The new size must be a multiple of 512");
    }
    Qcow2Info info = layer.info();
    if (info.version() < 3 && info.snapshots() > 0) {
      throw new ImgException("Can't resize a v2 image which has snapshots");
    }
    int clusterBits = Long.numberOfTrailingZeros(info.clusterSize());
    Geometry geometry = new Geometry(clusterBits, info.extendedL2(), 4);
    if (geometry.l1EntriesFor(total) > Limits.MAX_L1_BYTES / Long.BYTES) {
      throw new ImgException("Failed to grow the L1 table: File too large");
    }
  }
}
