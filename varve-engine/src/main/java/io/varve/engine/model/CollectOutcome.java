// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import java.util.List;

/// What collecting retired layers did.
///
/// @param removed layers whose files went
/// @param freedBytes that went back to the store
/// @param movedBytes that were copied into children
/// @param kept retired layers that are still read
/// @param notes why
public record CollectOutcome(
    int removed, long freedBytes, long movedBytes, int kept, List<String> notes) {}
