// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import java.util.List;

/// The space of a pool, in bytes. Each layer counts once, whoever reads it.
///
/// @param virtualBytes the sizes of its disks, added up: what guests could write
/// @param dataBytes data in its layers
/// @param sharedBytes of these, data that two or more disks or snapshots read
/// @param deadBytes of these, data that nobody reads any more: merges and deletes give it back
/// @param indexBytes tables
/// @param allocatedBytes that the store spends on the files
/// @param unread layers that could not be read and are in no figure but the store's
/// @param nodes its disks and snapshots by address
public record PoolSpace(
    String pool,
    long virtualBytes,
    long dataBytes,
    long sharedBytes,
    long deadBytes,
    long indexBytes,
    long allocatedBytes,
    int unread,
    List<SpaceAccount> nodes) {}
