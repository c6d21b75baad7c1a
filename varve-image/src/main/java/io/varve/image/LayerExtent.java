// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

/// One uniform stretch of a layer: same kind all along, and for data contiguous on the host.
///
/// @param start guest offset of its first byte
/// @param length bytes, above zero
/// @param kind what the layer holds there
/// @param hostOffset where `start` lies in the file for DATA and ZERO_ALLOCATED, where the
///   compressed bytes begin for COMPRESSED; for NONE and ZERO where room is kept for it all the
///   same (a subcluster without data, a hole of a raw file); else -1
public record LayerExtent(long start, long length, ExtentKind kind, long hostOffset) {
  public long end() {
    return start + length;
  }
}
