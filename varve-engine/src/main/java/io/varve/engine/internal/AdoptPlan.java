// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.model.AdoptReport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Chains that are to be taken into a pool.
///
/// @param disks to make; the first one's id is that of their family
/// @param files bases before what stands on them
/// @param copy leave the files where they are
/// @param when of the first layer, milliseconds since the epoch; each further one is a bit younger
record AdoptPlan(List<Disk> disks, List<AdoptedFile> files, boolean copy, long when) {

  /// @param active id of the layer that takes its writes
  record Disk(UUID id, String name, UUID active) {}

  UUID family() {
    return disks.getFirst().id();
  }

  Args args() {
    Args args =
        new Args()
            .with("copy", copy)
            .with("when", when)
            .with("disks", disks.size())
            .with("files", files.size());
    for (int i = 0; i < disks.size(); i++) {
      Disk disk = disks.get(i);
      args.with("d" + i + ".id", disk.id)
          .with("d" + i + ".name", disk.name)
          .with("d" + i + ".active", disk.active);
    }
    for (int i = 0; i < files.size(); i++) {
      files.get(i).put(args, i);
    }
    return args;
  }

  static AdoptPlan of(Args args) {
    List<Disk> disks = new ArrayList<>();
    for (int i = 0; i < args.number("disks"); i++) {
      String key = "d" + i + ".";
      disks.add(new Disk(args.id(key + "id"), args.text(key + "name"), args.id(key + "active")));
    }
    List<AdoptedFile> files = new ArrayList<>();
    for (int i = 0; i < args.number("files"); i++) {
      files.add(AdoptedFile.get(args, i));
    }
    return new AdoptPlan(disks, files, args.flag("copy"), args.number("when"));
  }

  AdoptReport report(PoolSite site, List<String> notes, boolean done) {
    List<AdoptReport.File> rows = new ArrayList<>();
    for (AdoptedFile file : files) {
      rows.add(
          new AdoptReport.File(
              file.source(),
              file.target(site),
              disks.get(file.disk()).name,
              file.snapshot(),
              sourceOf(file.parent())));
    }
    return new AdoptReport(site.row().name(), rows, notes, done);
  }

  private @Nullable Path sourceOf(@Nullable UUID layer) {
    for (AdoptedFile file : files) {
      if (file.layer().equals(layer)) {
        return file.source();
      }
    }
    return null;
  }
}
