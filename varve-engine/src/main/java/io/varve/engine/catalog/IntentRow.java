// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.catalog;

import java.util.UUID;

/// The journal: a verb that has begun and not ended. It is written before the first file is touched
/// and deleted with the verb's last change of the catalog. Whoever holds the family's lock and
/// finds one knows that its writer is dead.
///
/// @param verb name of the verb, as the journal spells it
/// @param args what recovery needs to know, in the journal's own text form
/// @param createdMillis since the epoch
public record IntentRow(
    UUID id, UUID pool, UUID family, String verb, String args, long createdMillis) {}
