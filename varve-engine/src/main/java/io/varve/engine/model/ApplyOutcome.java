// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import io.varve.image.diff.DiffTotals;

/// What became of a stream.
///
/// @param snapshot address of the snapshot that the result is
/// @param already it was there before, and the stream was read and checked only
/// @param moved the disk went to it
/// @param verified the result's digest was compared with the sender's
/// @param totals what the stream held
public record ApplyOutcome(
    String snapshot, boolean already, boolean moved, boolean verified, DiffTotals totals) {}
