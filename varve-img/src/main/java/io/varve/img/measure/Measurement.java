// SPDX-License-Identifier: Apache-2.0
package io.varve.img.measure;

/// What a new image would need, in bytes.
///
/// @param required for the data there is
/// @param fullyAllocated if every cluster held data
/// @param bitmaps for the bitmaps of the source, on top; -1 where source or target can have none
public record Measurement(long required, long fullyAllocated, long bitmaps) {}
