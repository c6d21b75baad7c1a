// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

/// What making a clone, or importing or exporting a disk, did.
///
/// @param disk the new disk; for an export the source
/// @param snapshot the snapshot it was made from, `disk@name`; empty for none
/// @param snapshotTaken true if that was taken for this clone
/// @param copiedBytes of data that were copied
/// @param sharedBytes of data that the store shares instead (reflink)
/// @param skippedBytes that were holes or zeros
public record CloneOutcome(
    DiskView disk,
    String snapshot,
    boolean snapshotTaken,
    long copiedBytes,
    long sharedBytes,
    long skippedBytes) {}
