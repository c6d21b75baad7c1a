// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Gives the passphrase of an encrypted layer when the layer is opened. Called from the thread that
/// opens it, at most once for a layer; the layer keeps no copy of the passphrase.
@FunctionalInterface
public interface KeySource {
  /// Knows no passphrase: encrypted layers are refused by name.
  KeySource NONE = _ -> null;

  /// The passphrase, or null where there is none for that layer. The array is overwritten after
  /// use: give a copy.
  ///
  /// @param layer name of the layer's storage, a path as the user knows it
  byte @Nullable [] passphrase(String layer) throws IOException;
}
