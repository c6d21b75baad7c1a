// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

import io.varve.image.qcow2.metadata.EntryTable;

/// The tree of tables that the guest writes through, with those who read and change it. When the L1
/// table moves (the disk grows, a snapshot is applied) all of them are made anew on the new one.
/// Under the layer's exclusive lock.
public final class ActiveTree {
  private final ImageParts parts;
  private final String name;
  private final ClusterReader reader;
  private final FileEnd end;
  private ClusterMap map;
  private L2Tables tables;
  private ClusterWriter writer;
  private ZeroWriter zeros;
  private CompressedWriter compressed;
  private ClusterIntake intake;

  /// @param end as [ClusterMap] takes it
  public ActiveTree(
      ImageParts parts, String name, ClusterReader reader, EntryTable l1, FileEnd end) {
    this.parts = parts;
    this.name = name;
    this.reader = reader;
    this.end = end;
    this.map = mapOf(l1);
    this.tables = new L2Tables(parts, map);
    this.writer = new ClusterWriter(parts, map, reader, tables);
    this.zeros = new ZeroWriter(parts, map, reader, tables, writer);
    this.compressed = new CompressedWriter(parts, map, tables);
    this.intake = new ClusterIntake(parts, map, reader, tables, compressed);
    parts.flushOrder().attachL1(l1);
  }

  private ClusterMap mapOf(EntryTable l1) {
    return new ClusterMap(
        name,
        parts.geometry(),
        parts.version(),
        parts.cache(),
        l1,
        parts.data().external(),
        end,
        parts.damage());
  }

  /// From now on the guest reads and writes through this L1 table.
  public void switchTo(EntryTable l1) {
    map = mapOf(l1);
    tables = new L2Tables(parts, map);
    writer = new ClusterWriter(parts, map, reader, tables);
    zeros = new ZeroWriter(parts, map, reader, tables, writer);
    compressed = new CompressedWriter(parts, map, tables);
    intake = new ClusterIntake(parts, map, reader, tables, compressed);
    parts.flushOrder().attachL1(l1);
    reader.forgetDecoded();
  }

  public ClusterMap map() {
    return map;
  }

  L2Tables tables() {
    return tables;
  }

  void forgetDecoded() {
    reader.forgetDecoded();
  }

  public ClusterWriter writer() {
    return writer;
  }

  public ZeroWriter zeros() {
    return zeros;
  }

  public CompressedWriter compressed() {
    return compressed;
  }

  public ClusterIntake intake() {
    return intake;
  }
}
