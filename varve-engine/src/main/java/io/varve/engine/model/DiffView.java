// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import io.varve.image.diff.DiffTotals;
import org.jspecify.annotations.Nullable;

/// A difference that was reported or sent.
///
/// @param from address of the older state, null for an empty disk
/// @param to address of the newer one
/// @param fromSize bytes, 0 for an empty disk
/// @param toSize bytes
/// @param totals what was reported
public record DiffView(
    @Nullable String from, String to, long fromSize, long toSize, DiffTotals totals) {}
