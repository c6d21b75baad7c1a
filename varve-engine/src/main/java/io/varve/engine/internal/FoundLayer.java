// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.image.qcow2.InternalSnapshot;
import io.varve.image.qcow2.format.VarveIdentity;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What a rescan read from one layer file.
///
/// @param spelled as the catalog will spell the file
/// @param size bytes that a guest sees
/// @param empty true if it holds nothing of its own
record FoundLayer(
    Path file,
    String spelled,
    VarveIdentity identity,
    long size,
    boolean empty,
    List<InternalSnapshot> compute) {
  UUID id() {
    return identity.layerId();
  }

  @Nullable UUID parent() {
    return identity.parentId();
  }

  UUID disk() {
    return identity.diskId();
  }

  VarveIdentity.Role role() {
    return identity.role();
  }

  FoundLayer with(VarveIdentity changed) {
    return new FoundLayer(file, spelled, changed, size, empty, compute);
  }
}
