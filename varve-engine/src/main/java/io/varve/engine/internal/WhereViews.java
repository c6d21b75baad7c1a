// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DiskAddress;
import io.varve.engine.InvalidRequestException;
import io.varve.engine.ProblemCode;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.SnapshotRow;
import io.varve.engine.model.NodeRole;
import io.varve.engine.model.WhereExtent;
import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.chain.Chain;
import io.varve.image.chain.ChainExtent;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.format.VarveIdentity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Says where ranges lie, with the layers named as the user knows them.
final class WhereViews {
  private final Resolver.Found found;
  private final DiskAddress source;
  private final Family family;
  private final Map<Layer, @Nullable UUID> ids = new HashMap<>();

  WhereViews(Context context, Resolver.Found found, DiskAddress source) {
    this.found = found;
    this.source = source;
    this.family = context.read(tx -> Family.read(tx, found.disk().family()));
  }

  List<WhereExtent> of(Sources.Opened opened, long offset, long length) throws IOException {
    Chain chain = opened.chain();
    if (offset < 0 || offset > chain.size() || length > chain.size() - offset) {
      throw new InvalidRequestException(
          ProblemCode.INVALID_REQUEST,
          "the range of "
              + length
              + " bytes at "
              + offset
              + " ends outside of the disk's "
              + chain.size()
              + " bytes",
          "Show the disk to see its size.");
    }
    List<WhereExtent> extents = new ArrayList<>();
    for (long at = offset; at < offset + length; ) {
      ChainExtent extent = chain.where(GuestOffset.of(at), offset + length - at);
      add(extents, view(opened, extent));
      at = extent.end();
    }
    return extents;
  }

  /// Neighbours that continue each other become one.
  private static void add(List<WhereExtent> extents, WhereExtent next) {
    WhereExtent last = extents.isEmpty() ? null : extents.getLast();
    boolean continues =
        last != null
            && last.depth() == next.depth()
            && last.kind() == next.kind()
            && (next.hostOffset() < 0
                || (next.kind() != ExtentKind.COMPRESSED
                    && last.hostOffset() + last.length() == next.hostOffset()));
    if (!continues || last == null) {
      extents.add(next);
      return;
    }
    extents.set(
        extents.size() - 1,
        new WhereExtent(
            last.start(),
            last.length() + next.length(),
            last.kind(),
            last.depth(),
            last.layer(),
            last.layerName(),
            last.hostOffset(),
            last.file()));
  }

  private WhereExtent view(Sources.Opened opened, ChainExtent extent) throws IOException {
    Layer layer = extent.layer();
    if (layer == null) {
      return new WhereExtent(
          extent.start(), extent.length(), extent.kind(), -1, null, "", -1, null);
    }
    // A compute snapshot is shown by a view of the file that holds it.
    boolean viewed = extent.depth() == 0 && opened.compute() != null;
    Layer file = viewed ? opened.owner().top() : layer;
    UUID id = idOf(file);
    return new WhereExtent(
        extent.start(),
        extent.length(),
        extent.kind(),
        extent.depth(),
        id,
        viewed ? source.disk() + "@" + source.snapshot() : nameOf(id),
        extent.hostOffset(),
        Path.of(file.storage().name()));
  }

  private @Nullable UUID idOf(Layer layer) throws IOException {
    if (!ids.containsKey(layer)) {
      UUID id =
          layer instanceof Qcow2Layer qcow2
              ? qcow2.identity().map(VarveIdentity::layerId).orElse(null)
              : null;
      ids.put(layer, id);
    }
    return ids.get(layer);
  }

  private String nameOf(@Nullable UUID id) {
    LayerRow row = family.layer(id);
    if (row == null) {
      return "";
    }
    if (row.role() == NodeRole.RETIRED) {
      return "retired";
    }
    DiskRow owner = family.disk(row.disk());
    String disk = owner == null ? "?" : owner.name();
    SnapshotRow name = family.name(row.id());
    return name == null ? found.site().row().name() + "/" + disk : disk + "@" + name.name();
  }
}
