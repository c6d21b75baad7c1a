// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

/// What a copy did.
///
/// @param copiedBytes data written to the target
/// @param skippedBytes ranges left alone because they read as zero
public record CopyResult(long copiedBytes, long skippedBytes) {}
