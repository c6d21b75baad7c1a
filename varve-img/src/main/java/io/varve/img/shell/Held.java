// SPDX-License-Identifier: Apache-2.0
package io.varve.img.shell;

import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerExtent;
import java.io.IOException;

/// What the topmost file of a disk holds itself, as data or as zeros.
final class Held {
  private Held() {}

  /// Length of the stretch at `offset`, at most `most`, that the layer holds; as a negative number
  /// if it holds nothing there. Zero behind the end.
  static long stretch(Layer layer, long offset, long most) throws IOException {
    long end = offset + Math.min(most, layer.size() - Math.min(offset, layer.size()));
    long at = offset;
    boolean held = false;
    while (at < end) {
      LayerExtent extent;
      try {
        extent = layer.lookup(GuestOffset.of(at), end - at);
      } catch (IOException e) {
        if (at == offset) {
          throw e;
        }
        // What is known is told first; who asks on from there hears of the failure.
        break;
      }
      boolean here = extent.kind() != ExtentKind.NONE;
      if (at > offset && here != held) {
        break;
      }
      held = here;
      at = extent.end();
    }
    return held ? at - offset : offset - at;
  }
}
