// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.engine.model.AdoptReport;
import io.varve.engine.model.ApplyOutcome;
import io.varve.engine.model.CloneOutcome;
import io.varve.engine.model.DeleteOutcome;
import io.varve.engine.model.DiskIo;
import io.varve.engine.model.DiskView;
import io.varve.engine.model.DoctorReport;
import io.varve.engine.model.IoProbeRow;
import io.varve.engine.model.PoolView;
import io.varve.engine.model.RescanReport;
import io.varve.engine.model.SnapshotTree;
import io.varve.engine.model.SnapshotView;
import io.varve.engine.model.SpaceView;
import io.varve.engine.model.StoreView;
import io.varve.engine.model.TreeNode;
import io.varve.engine.model.WhereExtent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What `--json` prints, documented in docs/cli.md. Written out by hand: the shapes are a promise
/// to scripts, and must not change because a record of the engine does. Sizes are bytes and end in
/// `Bytes` or are called `size`, times are ISO 8601 in UTC, what is not known is null.
final class Shapes {
  /// A JSON object under construction; keeps the order of its fields.
  static final class Shape extends LinkedHashMap<String, @Nullable Object> {
    private static final long serialVersionUID = 1L;

    Shape with(String field, @Nullable Object value) {
      put(field, value);
      return this;
    }
  }

  private Shapes() {}

  static Shape shape() {
    return new Shape();
  }

  static Shape list(String field, List<?> values) {
    return shape().with(field, values);
  }

  static Shape adopted(AdoptReport report) {
    return shape()
        .with("pool", report.pool())
        .with("done", report.done())
        .with(
            "files",
            report.files().stream()
                .map(file ->
                    shape()
                        .with("from", file.from().toString())
                        .with("to", file.to().toString())
                        .with("disk", file.disk())
                        .with("snapshot", file.snapshot())
                        .with("base", file.base() == null ? null : file.base().toString()))
                .toList())
        .with("notes", report.notes());
  }

  static Shape doctor(DoctorReport report) {
    return shape()
        .with("pool", report.pool())
        .with("layers", report.layers())
        .with("mendable", report.mendable())
        .with("forPeople", report.forPeople())
        .with(
            "ailments",
            report.ailments().stream()
                .map(each ->
                    shape()
                        .with("kind", word(each.kind()))
                        .with("file", each.file() == null ? null : each.file().toString())
                        .with("problem", each.problem())
                        .with("repair", each.repair())
                        .with("cure", each.cure().isEmpty() ? null : each.cure())
                        .with("mended", each.mended()))
                .toList());
  }

  static Shape applied(ApplyOutcome outcome) {
    return shape()
        .with("snapshot", outcome.snapshot())
        .with("already", outcome.already())
        .with("moved", outcome.moved())
        .with("verified", outcome.verified())
        .with("records", outcome.totals().ranges())
        .with("dataBytes", outcome.totals().dataBytes())
        .with("zeroBytes", outcome.totals().zeroBytes());
  }

  static Shape pool(PoolView pool) {
    Shape verbs = shape();
    pool.verbs()
        .forEach((verb, verdict) ->
            verbs.with(
                word(verb),
                shape()
                    .with("allowed", verdict.allowed())
                    .with("reason", verdict.reason())
                    .with("cure", verdict.cure().isEmpty() ? null : verdict.cure())));
    return shape()
        .with("id", pool.id().toString())
        .with("name", pool.name())
        .with("kind", word(pool.kind()))
        .with("path", pool.path().toString())
        .with("profile", word(pool.profile()))
        .with("hosts", pool.hosts())
        .with("witnesses", pool.witnesses())
        .with("disks", pool.disks())
        .with("snapshots", pool.snapshots())
        .with("layers", pool.layers())
        .with("allocatedBytes", pool.allocatedBytes())
        .with("store", pool.store() == null ? null : store(pool.store()))
        .with("verbs", verbs)
        .with("problem", pool.problem());
  }

  private static Shape store(StoreView store) {
    return shape()
        .with("fileSystem", store.fileSystem())
        .with("punch", store.punch())
        .with("reflink", store.reflink())
        .with("directIo", store.directIo())
        .with("sparse", store.sparse())
        .with("locks", store.locks())
        .with("blockBytes", store.blockSize())
        .with("totalBytes", store.totalBytes())
        .with("freeBytes", store.freeBytes());
  }

  static Shape disk(DiskView disk) {
    return shape()
        .with("id", disk.id().toString())
        .with("pool", disk.pool())
        .with("name", disk.name())
        .with("poolKind", word(disk.poolKind()))
        .with("format", disk.format().id())
        .with("size", disk.size())
        .with("file", disk.file().toString())
        .with("depth", disk.depth())
        .with("snapshots", disk.snapshots())
        .with("parent", disk.parent())
        .with("changedSinceParent", disk.changedSince())
        .with("clonedFrom", disk.clonedFrom())
        .with("created", disk.created().toString())
        .with("space", space(disk.space()))
        .with("problem", disk.problem());
  }

  static Shape space(SpaceView space) {
    return shape()
        .with("dataBytes", space.dataBytes())
        .with("indexBytes", space.indexBytes())
        .with("fileBytes", space.fileBytes())
        .with("allocatedBytes", space.allocatedBytes());
  }

  static Shape snapshot(SnapshotView snapshot) {
    return shape()
        .with("id", snapshot.id().toString())
        .with("disk", snapshot.disk())
        .with("name", snapshot.name())
        .with("kind", word(snapshot.kind()))
        .with("internalId", snapshot.internalId())
        .with("automatic", snapshot.automatic())
        .with("created", snapshot.created().toString())
        .with("parent", snapshot.parent())
        .with("parentKnown", snapshot.parentKnown())
        .with("current", snapshot.current())
        .with("size", snapshot.size())
        .with("file", snapshot.file().toString())
        .with("clones", snapshot.clones())
        .with("children", snapshot.children())
        .with("space", space(snapshot.space()));
  }

  static Shape tree(SnapshotTree tree, Accounts accounts) {
    return shape()
        .with("disk", tree.disk().address())
        .with("changedSinceParent", tree.changedSince())
        .with(
            "nodes",
            tree.nodes().stream()
                .map(node -> node(node).with("account", Accounts.shape(accounts.of(node))))
                .toList());
  }

  private static Shape node(TreeNode node) {
    return shape()
        .with("id", node.id().toString())
        .with("parent", node.parent() == null ? null : node.parent().toString())
        .with("parentKnown", node.parentKnown())
        .with("role", word(node.role()))
        .with("kind", node.kind() == null ? null : word(node.kind()))
        .with("name", node.name().isEmpty() ? null : node.name())
        .with("disk", node.disk())
        .with("youAreHere", node.youAreHere())
        .with("automatic", node.automatic())
        .with("children", node.children())
        .with("created", node.created().toString())
        .with("file", node.file().toString())
        .with("space", space(node.space()));
  }

  static Shape deletion(String what, DeleteOutcome outcome) {
    return shape()
        .with("deleted", what)
        .with("how", word(outcome.how()))
        .with("freedBytes", outcome.freedBytes())
        .with("movedBytes", outcome.movedBytes())
        .with("freedInFileBytes", outcome.freedInFileBytes())
        .with("punchedBytes", outcome.punchedBytes())
        .with("storeCanPunch", outcome.storeCanPunch())
        .with("collectedLayers", outcome.collected())
        .with("jobs", outcome.jobs().stream().map(Object::toString).toList())
        .with("notes", outcome.notes());
  }

  static Shape copy(CloneOutcome outcome) {
    return shape()
        .with("disk", disk(outcome.disk()))
        .with("snapshot", outcome.snapshot().isEmpty() ? null : outcome.snapshot())
        .with("snapshotTaken", outcome.snapshotTaken())
        .with("copiedBytes", outcome.copiedBytes())
        .with("sharedBytes", outcome.sharedBytes())
        .with("skippedBytes", outcome.skippedBytes());
  }

  static Shape rescan(RescanReport report) {
    return shape()
        .with("pool", report.pool())
        .with("disks", report.disks())
        .with("snapshots", report.snapshots())
        .with("layers", report.layers())
        .with(
            "findings",
            report.findings().stream()
                .map(finding ->
                    shape()
                        .with("file", finding.file().toString())
                        .with("problem", finding.problem())
                        .with("cure", finding.cure()))
                .toList());
  }

  static Shape extent(WhereExtent extent) {
    return shape()
        .with("start", extent.start())
        .with("length", extent.length())
        .with("kind", word(extent.kind()))
        .with("depth", extent.depth() < 0 ? null : extent.depth())
        .with("layer", extent.layer() == null ? null : extent.layer().toString())
        .with("layerName", extent.layerName().isEmpty() ? null : extent.layerName())
        .with("hostOffset", extent.hostOffset() < 0 ? null : extent.hostOffset())
        .with("file", extent.file() == null ? null : extent.file().toString());
  }

  static Shape io(DiskIo io) {
    return shape()
        .with(
            "guest",
            shape()
                .with("reads", io.guest().reads())
                .with("readBytes", io.guest().readBytes())
                .with("writes", io.guest().writes())
                .with("writeBytes", io.guest().writeBytes())
                .with("discards", io.guest().discards())
                .with("flushes", io.guest().flushes()))
        .with(
            "host",
            shape()
                .with("reads", io.host().reads())
                .with("readBytes", io.host().readBytes())
                .with("writes", io.host().writes())
                .with("writeBytes", io.host().writeBytes())
                .with("flushes", io.host().flushes())
                .with("punches", io.host().punches())
                .with("punchedBytes", io.host().punchedBytes()));
  }

  static Shape probe(IoProbeRow row) {
    return shape()
        .with("snapshotKind", word(row.kind()))
        .with("phase", word(row.phase()))
        .with("flushEach", row.flushEach())
        .with("io", io(new DiskIo(row.guest(), row.host())));
  }

  /// The name of a constant as JSON and tables spell it: `STORAGE_SNAPSHOT` is `storage-snapshot`.
  static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
