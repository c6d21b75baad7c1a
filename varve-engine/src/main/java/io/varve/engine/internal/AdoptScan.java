// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.InvalidRequestException;
import io.varve.engine.Names;
import io.varve.engine.NotFoundException;
import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.model.AdoptSpec;
import io.varve.image.BackingReference;
import io.varve.image.LayerFormat;
import io.varve.image.chain.OpenGate;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.check.CheckReport;
import io.varve.image.qcow2.check.Qcow2Check;
import io.varve.image.storage.FileKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Follows the chains that are to be adopted, and refuses what cannot be taken. Changes nothing.
///
/// Names inside images lead only to files beside the image that has the name, or to files that the
/// user has named: an image from a stranger cannot pull another file of the host into a pool.
final class AdoptScan {
  private final Context context;
  private final PoolSite site;
  private final AdoptSpec spec;
  private final Map<FileKey, Found> found = new LinkedHashMap<>();
  private final Set<FileKey> named = new HashSet<>();
  private final List<String> notes = new ArrayList<>();

  /// A file of a chain, as it is.
  private record Found(
      Path file,
      UUID layer,
      @Nullable FileKey base,
      @Nullable BackingReference backing,
      int disk,
      boolean top,
      long size,
      String mode) {}

  AdoptScan(Context context, PoolSite site, AdoptSpec spec) {
    this.context = context;
    this.site = site;
    this.spec = spec;
  }

  List<String> notes() {
    return notes;
  }

  AdoptPlan plan() throws IOException {
    for (Path base : spec.bases()) {
      named.add(FileKey.of(real(base)));
    }
    for (int i = 0; i < spec.disks().size(); i++) {
      follow(real(spec.disks().get(i).file()), i);
    }
    for (Path base : spec.bases()) {
      if (!found.containsKey(FileKey.of(real(base)))) {
        throw new InvalidRequestException(
            ProblemCode.INVALID_REQUEST,
            base + " is in none of the chains",
            "Leave it out, or name the file that stands on it.");
      }
    }
    requireTops();
    new AdoptNeighbours(found.keySet())
        .requireNone(found.values().stream().map(Found::file).toList());
    return toPlan();
  }

  private static Path real(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new NotFoundException(
          ProblemCode.FILE_NOT_FOUND, "there is no file " + file, "Check the path.");
    }
    return file.toRealPath();
  }

  private void follow(Path top, int disk) throws IOException {
    Set<FileKey> own = new HashSet<>();
    Path file = top;
    Path above = null;
    while (file != null) {
      FileKey key = FileKey.of(file);
      if (!own.add(key)) {
        throw refused(file, "the chain loops: it stands on itself", "Mend the chain first.");
      }
      if (above != null && !named.contains(key) && !isBeside(file, above)) {
        throw refused(
            file,
            "it lies in another folder than " + above + ", which names it as its base",
            "Name it too, if it belongs to the chain: names inside an image are not followed to"
                + " other folders unasked.");
      }
      Found known = found.get(key);
      if (known != null) {
        if (above == null) {
          throw refused(file, "it was named twice, or another of the disks stands on it", "");
        }
        return;
      }
      Found next = look(file, disk, above == null);
      found.put(key, next);
      above = file;
      file = next.backing == null ? null : resolve(file, next.backing);
    }
  }

  private static boolean isBeside(Path file, Path above) {
    return LayerFiles.folderOf(file).equals(LayerFiles.folderOf(above));
  }

  private static Path resolve(Path file, BackingReference backing) throws IOException {
    if (backing.format() == null) {
      throw refused(
          file,
          "it names the base '" + backing.name() + "' without its format, which is never guessed",
          "State it, if it is a qcow2 file: qemu-img rebase -u -b '%s' -F qcow2 '%s'."
              .formatted(backing.name(), file));
    }
    if (!LayerFormat.QCOW2.id().equals(backing.format())) {
      throw refused(
          file,
          "its base '" + backing.name() + "' is of format " + backing.format(),
          "A pool's layers are qcow2 files: convert the base (qemu-img convert -O qcow2) and name"
              + " it (qemu-img rebase -u), or import the disk as a copy.");
    }
    return OpenGate.anyPlainFile().admit(file, backing).toRealPath();
  }

  private Found look(Path file, int disk, boolean top) throws IOException {
    requireMovable(file);
    try (Qcow2Layer layer = LayerFiles.openToLook(file)) {
      if (layer.identity().isPresent()) {
        throw refused(
            file,
            "it is a layer of Varve's already, of disk '" + layer.identity().get().diskName() + "'",
            "Rescan the pool that it belongs to (varve pool rescan FOLDER), or import it.");
      }
      Resize.requireSize(layer.size());
      requireSound(file, layer);
      int inside = layer.info().snapshots();
      if (inside > 0 && !top) {
        notes.add(
            file
                + " holds "
                + inside
                + " snapshots inside, which stay in the file and are not shown");
      }
      BackingReference backing = layer.backing().orElse(null);
      FileKey base = null;
      if (backing != null) {
        base = FileKey.of(resolve(file, backing));
      }
      String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
      return new Found(file, context.newId(), base, backing, disk, top, layer.size(), mode);
    }
  }

  private void requireMovable(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw refused(file, "it is not a regular file", "Import it as a copy.");
    }
    if (spec.copy()) {
      return;
    }
    if (Files.getAttribute(file, "unix:nlink") instanceof Integer links && links > 1) {
      throw refused(
          file,
          "it has " + links + " names (hard links), and the others would go on naming it",
          "Remove the others, or take a copy (--copy).");
    }
    if (FileKey.of(file).device() != FileKey.of(site.folder()).device()) {
      throw refused(
          file,
          "it lies on another file system than pool '" + site.row().name() + "'",
          "Take a copy (--copy), or make a pool on its file system.");
    }
  }

  private void requireSound(Path file, Qcow2Layer layer) throws IOException {
    if (layer.info().dirty()) {
      return;
    }
    CheckReport report = Qcow2Check.check(layer.storage(), context.progress("check")::advance);
    if (!report.sound() || layer.info().corrupt()) {
      throw refused(
          file,
          "it is damaged: " + report.corruptions() + " errors",
          "Repair it first: qemu-img check -r all '" + file + "'; keep a copy of it before.");
    }
  }

  /// What stands on a file is named by it alone; a file that takes writes has nothing on it.
  private void requireTops() {
    for (Found file : found.values()) {
      Found base = file.base == null ? null : found.get(file.base);
      if (base != null && base.top) {
        throw refused(
            base.file,
            "it is to take the writes of a disk, but " + file.file + " stands on it",
            "Name the newest file of each chain.");
      }
    }
  }

  static RefusedException refused(Path file, String why, String cure) {
    return new RefusedException(
        ProblemCode.IMPORT_REFUSED, file + " cannot be adopted: " + why, cure);
  }

  private AdoptPlan toPlan() {
    List<AdoptPlan.Disk> disks = new ArrayList<>();
    for (int i = 0; i < spec.disks().size(); i++) {
      int number = i;
      Found top =
          found.values().stream().filter(f -> f.top && f.disk == number).findFirst().orElseThrow();
      disks.add(new AdoptPlan.Disk(context.newId(), spec.disks().get(i).name(), top.layer));
    }
    List<Found> ordered = basesFirst();
    SnapshotNames names = new SnapshotNames(ordered.stream().filter(f -> !f.top).count());
    List<AdoptedFile> files = new ArrayList<>();
    for (Found file : ordered) {
      Found base = file.base == null ? null : found.get(file.base);
      files.add(
          new AdoptedFile(
              file.file,
              file.layer,
              base == null ? null : base.layer,
              file.disk,
              file.top ? null : names.next(file),
              file.top ? null : context.newId(),
              file.backing,
              file.mode,
              file.size));
    }
    return new AdoptPlan(disks, files, spec.copy(), context.now());
  }

  private List<Found> basesFirst() {
    List<Found> ordered = new ArrayList<>();
    Set<FileKey> placed = new HashSet<>();
    for (FileKey key : found.keySet()) {
      List<Found> chain = new ArrayList<>();
      for (FileKey at = key; at != null && placed.add(at); ) {
        Found file = found.get(at);
        if (file == null) {
          break;
        }
        chain.addFirst(file);
        at = file.base;
      }
      ordered.addAll(chain);
    }
    return ordered;
  }

  /// Names of snapshots: those that the user gave, or those of the files.
  private final class SnapshotNames {
    private final Map<Integer, Set<String>> taken = new HashMap<>();
    private int used;

    SnapshotNames(long wanted) {
      if (!spec.snapshots().isEmpty() && spec.snapshots().size() != wanted) {
        throw new InvalidRequestException(
            ProblemCode.INVALID_REQUEST,
            "%d snapshot names for %d frozen files".formatted(spec.snapshots().size(), wanted),
            "Give one for each, the lowest first, or none; --dry-run shows them.");
      }
    }

    String next(Found file) {
      Set<String> own = taken.computeIfAbsent(file.disk, _ -> new HashSet<>());
      if (!spec.snapshots().isEmpty()) {
        String name = Names.check("snapshot", spec.snapshots().get(used++));
        if (!own.add(name)) {
          throw new InvalidRequestException(
              ProblemCode.INVALID_REQUEST,
              "the snapshot name '" + name + "' is given twice",
              "Give each frozen file a name of its own.");
        }
        return name;
      }
      String stem = stem(file.file);
      String name = stem;
      for (int i = 2; !own.add(name); i++) {
        name = stem + "-" + i;
      }
      return name;
    }

    private String stem(Path file) {
      String name = String.valueOf(file.getFileName()).replaceFirst("\\.(qcow2?|img|disk)$", "");
      String plain = name.replaceAll("[^A-Za-z0-9._-]", "-").replaceFirst("^[^A-Za-z0-9]+", "");
      String cut = plain.substring(0, Math.min(50, plain.length()));
      return Optional.of(cut).filter(Names::isValid).orElse("base");
    }
  }
}
