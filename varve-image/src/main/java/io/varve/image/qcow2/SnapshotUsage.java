// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

/// What one internal snapshot holds.
///
/// @param dataBytes data that it refers to, shared or not
/// @param indexBytes its L1 table, and the L2 tables that only it refers to
/// @param exclusiveBytes data that only it refers to: freed when it is deleted, index bytes aside
public record SnapshotUsage(long dataBytes, long indexBytes, long exclusiveBytes) {}
