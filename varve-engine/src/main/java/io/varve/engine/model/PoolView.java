// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import io.varve.engine.policy.Verb;
import io.varve.engine.policy.Verdict;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A pool as it is now.
///
/// @param path where it lies
/// @param hosts that share it, by name; empty means this host alone
/// @param witnesses that vote with the hosts
/// @param store what its store can do, or null where it cannot be reached
/// @param verbs what the capability rule says of each verb; never without an entry for each
/// @param disks how many
/// @param snapshots how many, storage and compute, as far as the catalog knows
/// @param layers files, retired ones included
/// @param allocatedBytes that its layer files take in the store
/// @param problem why the pool cannot be used now, or null
public record PoolView(
    UUID id,
    String name,
    Path path,
    PoolKind kind,
    QuorumProfile profile,
    List<String> hosts,
    List<String> witnesses,
    @Nullable StoreView store,
    Map<Verb, Verdict> verbs,
    int disks,
    int snapshots,
    int layers,
    long allocatedBytes,
    @Nullable String problem) {}
