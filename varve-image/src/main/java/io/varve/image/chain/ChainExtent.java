// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.image.ExtentKind;
import io.varve.image.Layer;
import org.jspecify.annotations.Nullable;

/// One uniform stretch of a disk: which layer answers for it, and with what.
///
/// @param start guest offset of its first byte
/// @param length bytes, above zero
/// @param kind what the answering layer holds; NONE where no layer holds anything (it reads as
///   zero)
/// @param depth 0 for the top layer; the number of layers for NONE
/// @param layer the layer that answers, null for NONE
/// @param hostOffset where `start` lies in that layer's file, -1 where it lies nowhere
public record ChainExtent(
    long start, long length, ExtentKind kind, int depth, @Nullable Layer layer, long hostOffset) {
  public long end() {
    return start + length;
  }

  public boolean readsAsZero() {
    return kind == ExtentKind.NONE || kind.readsAsZeroHere();
  }
}
