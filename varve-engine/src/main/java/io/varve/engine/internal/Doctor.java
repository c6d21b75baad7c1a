// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.IntentRow;
import io.varve.engine.model.DoctorReport;
import io.varve.engine.model.DoctorReport.Kind;
import io.varve.engine.model.DoctorSpec;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/// Looks at a pool as a whole, alone in it: the journal, the files one by one, what they say of
/// each other, what the catalog says of them, and what lies around them.
///
/// A repair never guesses and never deletes what could be someone's: a file that nobody names goes
/// to the pool's folder `set-aside`.
final class Doctor {
  /// Where files go that nobody names.
  static final String SET_ASIDE = "set-aside";

  private static final String INDEX = "index";
  private static final Set<String> OWN =
      Set.of(PoolFile.FILE_NAME, "varve-pool.lock", PoolSite.LAYERS, INDEX, SET_ASIDE);

  private final Parts parts;
  private final PoolSite site;
  private final DoctorSpec spec;
  private final Ailments found;

  Doctor(Parts parts, PoolSite site, DoctorSpec spec) {
    this.parts = parts;
    this.site = site;
    this.spec = spec;
    this.found = new Ailments(spec.fix());
  }

  DoctorReport run() throws IOException {
    site.requirePresent();
    int layers;
    boolean behind;
    try (PoolLocks.Held _ = parts.context().locks().wholePool(site)) {
      journal();
      SetAside aside = new SetAside(site);
      LayerDoctor files = new LayerDoctor(parts.context(), site, spec, found, aside);
      files.run();
      layers = files.looked();
      if (site.virtual()) {
        around(aside);
        index(files);
      }
      behind = new CatalogDoctor(parts.context(), site, found).isBehind(files);
    }
    if (behind) {
      rebuild();
    }
    return new DoctorReport(site.row().name(), layers, List.copyOf(found.all()));
  }

  private void journal() {
    List<IntentRow> rows = parts.context().read(tx -> tx.intents(site.row().id()));
    for (IntentRow row : rows) {
      found.mend(
          Kind.JOURNAL,
          null,
          "verb " + row.verb() + " was cut short",
          "finish it, or undo it, by what the files say",
          () -> parts.journal().recover(site, row));
    }
  }

  /// What lies in the pool's own folder and is not Varve's.
  private void around(SetAside aside) throws IOException {
    for (Path file : list(site.root())) {
      String name = String.valueOf(file.getFileName());
      if (name.equals(PoolFile.FILE_NAME + PoolSite.UNFINISHED)) {
        found.mend(
            Kind.UNFINISHED,
            file,
            "it was never finished",
            "move it to " + SET_ASIDE,
            () -> aside.take(file));
      } else if (!OWN.contains(name) && !name.equals("lost+found")) {
        found.report(Kind.STRAY_FILE, file, "it is not Varve's", "Move it out of the pool.");
      }
    }
  }

  /// Side files are made anew from the layers, so that one too many is simply deleted.
  private void index(LayerDoctor files) throws IOException {
    Set<UUID> families =
        parts
            .context()
            .read(tx -> {
              Set<UUID> known = new HashSet<>(files.found().keySet());
              tx.layersOfPool(site.row().id()).forEach(layer -> known.add(layer.family()));
              return known;
            });
    Path folder = site.root().resolve(INDEX);
    if (!Files.isDirectory(folder)) {
      return;
    }
    for (Path file : list(folder)) {
      String name = String.valueOf(file.getFileName());
      boolean ours = families.stream().anyMatch(family -> name.startsWith(family.toString()));
      if (!ours || name.endsWith(PoolSite.UNFINISHED)) {
        found.mend(
            Kind.STALE_INDEX,
            file,
            ours ? "it was never finished" : "it is an index of layers that are not here",
            "delete it: an index is made anew from the layers",
            () -> Files.deleteIfExists(file));
      }
    }
  }

  /// Outside of the pool's lock, which a rescan takes for itself.
  private void rebuild() {
    found.mend(
        Kind.CATALOG_BEHIND,
        null,
        "the catalog is not what the files say",
        "rescan the pool: the catalog is rebuilt from the files",
        () -> new Rescan(parts).run(site));
  }

  static List<Path> list(Path folder) throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
      all.forEach(files::add);
    }
    files.sort(null);
    return files;
  }
}
