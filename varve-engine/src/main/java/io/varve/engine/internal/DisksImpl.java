// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DiskAddress;
import io.varve.engine.Disks;
import io.varve.engine.InvalidRequestException;
import io.varve.engine.Names;
import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.catalog.PoolRow;
import io.varve.engine.model.CloneOutcome;
import io.varve.engine.model.DeleteOutcome;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.DiskView;
import io.varve.engine.model.ExportSpec;
import io.varve.image.ImageException;
import io.varve.image.LayerFormat;
import io.varve.image.qcow2.Qcow2CreateOptions;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The verbs on disks.
final class DisksImpl implements Disks {
  private final Parts parts;
  private final ImageFiles images;

  DisksImpl(Parts parts) {
    this.parts = parts;
    this.images = new ImageFiles(parts);
  }

  @Override
  public DiskView create(String pool, String name, DiskSpec spec) {
    Names.check("disk", name);
    Qcow2CreateOptions options = options(spec);
    return Problems.guard(() -> {
      PoolSite site = parts.resolver().pool(pool);
      site.requirePresent();
      MakeDisk.Plan plan = parts.makeDisk().plan(site, name, spec.formatDevice());
      parts
          .verbs()
          .inPool(site, plan.disk(), () -> parts.makeDisk().make(plan, MakeDisk.empty(options)));
      return view(plan.disk(), pool, name);
    });
  }

  private static Qcow2CreateOptions options(DiskSpec spec) {
    Resize.requireSize(spec.size());
    if (Integer.bitCount(spec.clusterSize()) != 1) {
      throw new InvalidRequestException(
          ProblemCode.INVALID_REQUEST,
          "a cluster cannot have " + spec.clusterSize() + " bytes",
          "Give a power of two from 512 to 2097152.");
    }
    return Qcow2CreateOptions.ofSize(spec.size())
        .withVersion(spec.version())
        .withClusterBits(Integer.numberOfTrailingZeros(spec.clusterSize()))
        .withExtendedL2(spec.extendedL2());
  }

  private DiskView view(UUID disk, String pool, String name) {
    return parts.diskViews().of(parts.resolver().again(disk, DiskAddress.disk(pool, name)));
  }

  @Override
  public CloneOutcome importImage(String pool, String name, Path image, LayerFormat format) {
    Names.check("disk", name);
    return Problems.guard(() -> images.takeIn(parts.resolver().pool(pool), name, image, format));
  }

  @Override
  public DiskView register(String pool, String name, Path image) {
    Names.check("disk", name);
    return Problems.guard(() -> {
      PoolSite site = parts.resolver().pool(pool);
      if (site.virtual()) {
        throw new RefusedException(
            ProblemCode.NOT_ALLOWED_HERE,
            "pool '" + pool + "' is virtual storage, where Varve makes the files itself",
            "Import a copy of the image, or register it in a pool on external storage.");
      }
      ImageFiles.requireFile(image);
      UUID disk = parts.context().newId();
      parts
          .verbs()
          .inPool(
              site,
              disk,
              () -> {
                parts.register().register(site, name, image, disk);
                return disk;
              });
      return view(disk, pool, name);
    });
  }

  @Override
  public void unregister(DiskAddress disk) {
    parts
        .verbs()
        .onDisk(
            disk.diskOnly(),
            found -> {
              parts.unregister().unregister(found);
              return true;
            });
  }

  @Override
  public CloneOutcome exportImage(DiskAddress source, Path target, ExportSpec spec) {
    return Problems.guard(() -> images.giveOut(source, target, spec));
  }

  @Override
  public List<DiskView> list(@Nullable String pool) {
    return Problems.guard(() -> {
      List<Resolver.Found> found = new ArrayList<>();
      if (pool != null) {
        PoolSite site = parts.resolver().pool(pool);
        rows(site.row()).forEach(disk -> found.add(new Resolver.Found(site, disk)));
      } else {
        List<PoolRow> pools = parts.context().read(tx -> tx.pools());
        for (PoolRow row : pools) {
          PoolSite site = new PoolSite(row);
          rows(row).forEach(disk -> found.add(new Resolver.Found(site, disk)));
        }
      }
      return views(found);
    });
  }

  private List<DiskRow> rows(PoolRow pool) {
    return parts.context().read(tx -> tx.disksOfPool(pool.id()));
  }

  /// Reads each family once: a thousand clones are one family.
  private List<DiskView> views(List<Resolver.Found> found) {
    Map<UUID, Family> families = new HashMap<>();
    List<DiskView> views = new ArrayList<>();
    for (Resolver.Found each : found) {
      Family family =
          families.computeIfAbsent(
              each.disk().family(), id -> parts.context().read(tx -> Family.read(tx, id)));
      views.add(parts.diskViews().of(each, family));
    }
    views.sort(Comparator.comparing(DiskView::pool).thenComparing(DiskView::name));
    return views;
  }

  @Override
  public DiskView show(DiskAddress disk) {
    return Problems.guard(() -> parts.diskViews().of(parts.resolver().disk(disk)));
  }

  @Override
  public DiskView resize(DiskAddress disk, long newSize, boolean allowShrink) {
    return parts
        .verbs()
        .onDisk(
            disk.diskOnly(),
            found -> {
              parts.resize().resize(found, newSize, allowShrink);
              return parts.diskViews().of(parts.resolver().again(found.disk().id(), disk));
            });
  }

  @Override
  public DeleteOutcome delete(DiskAddress disk, boolean withSnapshots) {
    return parts
        .verbs()
        .onDisk(
            disk.diskOnly(),
            found -> {
              int snapshots = countSnapshots(found);
              if (snapshots > 0 && !withSnapshots) {
                throw new RefusedException(
                    ProblemCode.HAS_SNAPSHOTS,
                    "disk '" + found.address() + "' has " + snapshots + " snapshots",
                    "Delete them first, or delete the disk with them (--with-snapshots).");
              }
              Holds.requireFree(
                  parts.context(),
                  found.address(),
                  parts.context().read(tx -> tx.snapshots(found.disk().id())));
              DeleteOutcome outcome = parts.deleteDisk().delete(found);
              return outcome.with(
                  parts.reaper().collect(found.site(), found.disk().family(), false).jobs());
            });
  }

  private int countSnapshots(Resolver.Found found) throws IOException {
    Family family = parts.context().read(tx -> Family.read(tx, found.disk().family()));
    int count = family.storageNames(found.disk().id()).size();
    LayerRow active = family.layer(found.disk().activeLayer());
    if (active == null || !Files.exists(found.site().file(active))) {
      return count;
    }
    try (Qcow2Layer layer = LayerFiles.openToLook(found.site().file(active))) {
      return count + layer.snapshots().list().size();
    } catch (ImageException _) {
      // A damaged image can be deleted all the same.
      return count;
    }
  }
}
