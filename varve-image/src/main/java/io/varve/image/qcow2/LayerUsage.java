// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

/// What one image spends, split into index and data.
///
/// @param dataBytes host clusters that the active state refers to (compressed ones by their length)
/// @param indexBytes header, L1 and L2 tables of the active state, refcount table and blocks, and
///   the snapshot table with the L1 tables of snapshots
/// @param fileBytes length of the file
/// @param allocatedBytes what the file system spends on it
public record LayerUsage(long dataBytes, long indexBytes, long fileBytes, long allocatedBytes) {}
