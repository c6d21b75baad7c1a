// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import java.io.IOException;
import java.io.Serial;

/// A layer was opened again and its bytes are not those that the map was made from. It is still the
/// same layer, so the map is made anew.
final class LayerChangedException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  LayerChangedException(String message) {
    super(message);
  }
}
