// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.BitmapException;
import io.varve.image.Layer;
import io.varve.image.qcow2.DirtyBitmaps;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.bitmap.BitmapState;
import io.varve.img.Console;
import io.varve.img.ImgException;
import java.io.IOException;

/// What `convert --bitmaps` does besides the data: it takes the persistent bitmaps along.
final class BitmapCopy {
  private final Console console;
  private final DirtyBitmaps source;
  private final boolean skipBroken;

  /// To be made before anything is written.
  ///
  /// @param skipBroken `--skip-broken-bitmaps`: leave inconsistent ones behind with a warning
  /// @throws ImgException if the source has no bitmaps to copy by its format, or a broken one
  BitmapCopy(Console console, Layer source, boolean skipBroken) throws ImgException {
    if (!(source instanceof Qcow2Layer layer) || !layer.bitmaps().supported()) {
      throw new ImgException("Source lacks bitmap support");
    }
    this.console = console;
    this.source = layer.bitmaps();
    this.skipBroken = skipBroken;
    for (BitmapState bitmap : this.source.list().reversed()) {
      if (bitmap.inconsistent() && !skipBroken) {
        throw new ImgException("Cannot copy inconsistent bitmap '" + bitmap.name() + "'")
            .withHint("Try --skip-broken-bitmaps, or use 'qemu-img bitmap --remove' to delete it");
      }
    }
  }

  /// Refuses a target that cannot have bitmaps.
  ///
  /// @param format the target's format by name
  void requireTarget(Layer target, String format) throws ImgException {
    if (!(target instanceof Qcow2Layer layer) || !layer.bitmaps().supported()) {
      throw new ImgException("Format driver '" + format + "' does not support bitmaps");
    }
  }

  /// Copies them, once the data is there. QEMU goes from the last to the first and lists them in
  /// their old order after those that the target had.
  void copyTo(Qcow2Layer target) throws ImgException, IOException {
    int position = target.bitmaps().list().size();
    for (BitmapState bitmap : source.list().reversed()) {
      if (bitmap.inconsistent() && skipBroken) {
        console.warning("Skipping inconsistent bitmap '" + bitmap.name() + "'");
      } else {
        copy(bitmap, target.bitmaps(), position);
      }
    }
  }

  private void copy(BitmapState bitmap, DirtyBitmaps target, int position)
      throws ImgException, IOException {
    String name = bitmap.name();
    try {
      target.add(name, bitmap.granularity(), bitmap.enabled(), position);
    } catch (BitmapException e) {
      throw new ImgException("Failed to create bitmap " + name + ": " + e.reason());
    }
    try {
      target.merge(name, source, name);
    } catch (BitmapException e) {
      target.remove(name);
      throw new ImgException("Failed to populate bitmap " + name + ": " + e.reason());
    }
  }
}
