// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

/// What one layer holds for a guest range.
public enum ExtentKind {
  /// Data in plain host clusters, readable at a host offset.
  DATA,
  /// Reads as zero; no host cluster.
  ZERO,
  /// Reads as zero; a host cluster stays reserved for it (preallocated).
  ZERO_ALLOCATED,
  /// Data in a compressed cluster.
  COMPRESSED,
  /// Nothing: the base answers, or zero where there is none.
  NONE;

  public boolean readsAsZeroHere() {
    return this == ZERO || this == ZERO_ALLOCATED;
  }
}
