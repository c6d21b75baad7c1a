// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.engine.model.DiskView;
import io.varve.engine.model.NodeRole;
import io.varve.engine.model.PoolKind;
import io.varve.engine.model.SnapshotKind;
import io.varve.engine.model.SpaceView;
import io.varve.engine.model.TreeNode;
import io.varve.image.LayerFormat;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Made-up views, always the same.
final class Views {
  static final Instant TIME = Instant.parse("2026-03-01T10:20:30Z");

  private Views() {}

  static UUID id(String name) {
    return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
  }

  static DiskView disk(String name, int snapshots, @Nullable String parent) {
    return new DiskView(
        id(name),
        "main",
        name,
        PoolKind.VIRTUAL,
        LayerFormat.QCOW2,
        1L << 30,
        Path.of("/srv/varve/layers", name + ".qcow2"),
        2,
        snapshots,
        parent,
        true,
        null,
        TIME,
        new SpaceView(1 << 20, 196_608, 1_310_720, 1_245_184),
        null);
  }

  static TreeNode snapshot(String name, @Nullable String parent, int children) {
    return node(name, parent, NodeRole.SNAPSHOT, SnapshotKind.STORAGE, name, "main/shop", children);
  }

  static TreeNode here(String parent) {
    return new TreeNode(
        id("active"),
        id(parent),
        true,
        NodeRole.ACTIVE,
        null,
        "",
        "main/shop",
        true,
        false,
        0,
        TIME,
        Path.of("/srv/varve/layers/active.qcow2"),
        new SpaceView(4096, 65536, 131072, 69632));
  }

  static TreeNode clone(String disk, String parent) {
    return node(disk, parent, NodeRole.ACTIVE, null, "", "main/" + disk, 0);
  }

  static TreeNode retired(String name, @Nullable String parent, int children) {
    return node(name, parent, NodeRole.RETIRED, null, "", "main/shop", children);
  }

  private static TreeNode node(
      String id,
      @Nullable String parent,
      NodeRole role,
      @Nullable SnapshotKind kind,
      String name,
      String disk,
      int children) {
    return new TreeNode(
        id(id),
        parent == null ? null : id(parent),
        true,
        role,
        kind,
        name,
        disk,
        false,
        false,
        children,
        TIME,
        Path.of("/srv/varve/layers", id + ".qcow2"),
        new SpaceView(1 << 20, 196_608, 1_310_720, 1_245_184));
  }
}
