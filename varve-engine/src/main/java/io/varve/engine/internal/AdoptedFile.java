// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.image.BackingReference;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One file of a chain that is to be taken into a pool.
///
/// @param source where it lies
/// @param layer id that it gets
/// @param parent id of the layer beneath, or null
/// @param disk that it belongs to, by number
/// @param snapshot name that it gets, null for an active layer
/// @param snapshotId likewise
/// @param backing what its header says of its base now, or null
/// @param mode its permissions now, as `rw-r--r--`
/// @param size that a guest sees
record AdoptedFile(
    Path source,
    UUID layer,
    @Nullable UUID parent,
    int disk,
    @Nullable String snapshot,
    @Nullable UUID snapshotId,
    @Nullable BackingReference backing,
    String mode,
    long size) {

  Path target(PoolSite site) {
    return site.file(PoolSite.fileName(layer));
  }

  Args put(Args args, int number) {
    String key = "f" + number + ".";
    return args.with(key + "source", source)
        .with(key + "layer", layer)
        .with(key + "parent", parent)
        .with(key + "disk", disk)
        .with(key + "snapshot", snapshot)
        .with(key + "snapshotId", snapshotId)
        .with(key + "backing", backing == null ? null : backing.name())
        .with(key + "format", backing == null ? null : backing.format())
        .with(key + "mode", mode)
        .with(key + "size", size);
  }

  static AdoptedFile get(Args args, int number) {
    String key = "f" + number + ".";
    String backing = args.textOrNull(key + "backing");
    return new AdoptedFile(
        Path.of(args.text(key + "source")),
        args.id(key + "layer"),
        args.idOrNull(key + "parent"),
        (int) args.number(key + "disk"),
        args.textOrNull(key + "snapshot"),
        args.idOrNull(key + "snapshotId"),
        backing == null ? null : new BackingReference(backing, args.textOrNull(key + "format")),
        args.text(key + "mode"),
        args.number(key + "size"));
  }
}
