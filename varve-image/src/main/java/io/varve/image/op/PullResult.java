// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

/// What a pull did.
///
/// @param copiedBytes data moved into the upper layer
/// @param zeroedBytes ranges that the upper layer now states to be zero
public record PullResult(long copiedBytes, long zeroedBytes) {}
