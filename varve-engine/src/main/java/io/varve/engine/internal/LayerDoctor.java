// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.LayerRow;
import io.varve.engine.model.DoctorReport.Kind;
import io.varve.engine.model.DoctorSpec;
import io.varve.image.BackingReference;
import io.varve.image.ImageInUseException;
import io.varve.image.WrongFormatException;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.check.CheckProgress;
import io.varve.image.qcow2.check.CheckReport;
import io.varve.image.qcow2.check.Qcow2Check;
import io.varve.image.qcow2.check.RepairMode;
import io.varve.image.qcow2.format.VarveIdentity;
import io.varve.image.storage.Directories;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Looks at the layer files of a pool one by one, and at what they say of each other.
final class LayerDoctor {
  private final Context context;
  private final PoolSite site;
  private final DoctorSpec spec;
  private final Ailments ailments;
  private final SetAside aside;
  private final Map<UUID, FoundLayer> found = new LinkedHashMap<>();
  private int looked;

  LayerDoctor(Context context, PoolSite site, DoctorSpec spec, Ailments ailments, SetAside aside) {
    this.context = context;
    this.site = site;
    this.spec = spec;
    this.ailments = ailments;
    this.aside = aside;
  }

  /// The layers that are what their places say, by id.
  Map<UUID, FoundLayer> found() {
    return found;
  }

  int looked() {
    return looked;
  }

  void run() throws IOException {
    if (site.virtual()) {
      for (Path file : Doctor.list(site.folder())) {
        lookAt(file);
      }
      bases();
      return;
    }
    // What else lies on external storage is not Varve's.
    for (LayerRow row : context.read(tx -> tx.layersOfPool(site.row().id()))) {
      Path file = site.file(row);
      if (Files.exists(file)) {
        image(file, file.toString());
      }
    }
  }

  private void lookAt(Path file) {
    String name = String.valueOf(file.getFileName());
    if (name.endsWith(PoolSite.UNFINISHED)) {
      ailments.mend(
          Kind.UNFINISHED,
          file,
          "it was never finished, and no verb knows of it",
          "move it to " + Doctor.SET_ASIDE,
          () -> aside.take(file));
    } else if (Files.isRegularFile(file) && name.endsWith(PoolSite.SUFFIX)) {
      image(file, name);
    } else {
      ailments.report(Kind.STRAY_FILE, file, "it is no layer", "Move it out of the pool.");
    }
  }

  private void image(Path file, String spelled) {
    looked++;
    try {
      FoundLayer layer = read(file, spelled);
      if (layer != null && isInPlace(layer, file)) {
        found.put(layer.id(), layer);
        mode(layer);
        health(file, layer);
      }
    } catch (WrongFormatException e) {
      ailments.report(
          Kind.STRAY_FILE,
          file,
          "it is not a qcow2 image: " + e.getMessage(),
          "Move it out of the pool; if it was a layer, restore it from a backup.");
    } catch (IOException e) {
      ailments.report(
          Kind.UNREADABLE,
          file,
          "it cannot be read: " + e.getMessage(),
          "Repair it (qemu-img check -r all, on a copy first), or restore it from a backup.");
    }
  }

  /// Null where it is not ours, or names another base than its identity.
  private @Nullable FoundLayer read(Path file, String spelled) throws IOException {
    try (Qcow2Layer layer = LayerFiles.openToLook(file)) {
      VarveIdentity own = layer.identity().orElse(null);
      if (own == null) {
        ailments.report(
            Kind.FOREIGN_LAYER,
            file,
            "it carries no identity of Varve's: another program made it",
            site.virtual()
                ? "Move it out of the pool, and adopt or import it from there."
                : "Put the disk's own file back, or register this one.");
        return null;
      }
      String parent = own.parentId() == null ? null : PoolSite.fileName(own.parentId());
      String named = layer.backing().map(BackingReference::name).orElse(null);
      if (site.virtual() && !Objects.equals(parent, named)) {
        ailments.report(
            Kind.WRONG_BASE,
            file,
            "its header names the base " + named + ", but its identity names " + parent,
            "Another program rebased it. If the base of its identity is the right one: qemu-img"
                + " rebase -u -b '"
                + (parent == null ? "" : parent)
                + "' -F qcow2 '"
                + file
                + "'; else move it out and import it.");
        return null;
      }
      marks(layer, file);
      return new FoundLayer(file, spelled, own, layer.size(), false, layer.snapshots().list());
    }
  }

  private void marks(Qcow2Layer layer, Path file) throws IOException {
    if (layer.info().corrupt()) {
      ailments.report(
          Kind.CORRUPT,
          file,
          "it is marked as damaged, and is not written to any more",
          "Keep a copy, then repair it: varve img check -r all '" + file + "'.");
    }
  }

  private boolean isInPlace(FoundLayer layer, Path file) {
    FoundLayer twin = found.get(layer.id());
    if (twin != null) {
      ailments.report(Kind.COPY, file, "it has the identity of " + twin.file(), twinCure());
      return false;
    }
    String right = PoolSite.fileName(layer.id());
    if (!site.virtual() || layer.spelled().equals(right)) {
      return true;
    }
    if (Files.exists(site.file(right))) {
      ailments.report(Kind.COPY, file, "it has the identity of " + site.file(right), twinCure());
      return false;
    }
    ailments.mend(
        Kind.WRONG_NAME,
        file,
        "its name is not its id: it says that it is layer " + layer.id(),
        "give it the name " + right + ", which is free",
        () -> {
          LayerFiles.claim(file).close();
          Directories.replace(file, site.file(right));
          mode(
              new FoundLayer(
                  site.file(right), right, layer.identity(), layer.size(), false, List.of()));
        });
    return false;
  }

  private String twinCure() {
    return ailments.has(Kind.JOURNAL) && !spec.fix()
        ? "A verb that was cut short may have left it so: finish that first (--fix), then look"
            + " again."
        : "Move one of them away: which one counts, only you know.";
  }

  private void mode(FoundLayer layer) throws IOException {
    if (!site.virtual()) {
      return;
    }
    Set<PosixFilePermission> mode = Files.getPosixFilePermissions(layer.file());
    boolean active = layer.role() == VarveIdentity.Role.ACTIVE;
    boolean writable =
        mode.contains(PosixFilePermission.OWNER_WRITE)
            || (!active
                && (mode.contains(PosixFilePermission.GROUP_WRITE)
                    || mode.contains(PosixFilePermission.OTHERS_WRITE)));
    if (writable != active) {
      ailments.mend(
          Kind.WRONG_MODE,
          layer.file(),
          active
              ? "it takes the writes of a disk, and has no write permission"
              : "it is frozen, and has write permission",
          active ? "give its owner the permission to write" : "take the permission to write away",
          () -> Directories.setWritable(layer.file(), active));
    }
  }

  private void health(Path file, FoundLayer layer) throws IOException {
    boolean dirty;
    try (Qcow2Layer look = LayerFiles.openToLook(file)) {
      dirty = look.info().dirty();
    }
    boolean frozen = layer.role() != VarveIdentity.Role.ACTIVE && site.virtual();
    if (dirty) {
      ailments.mend(
          Kind.DIRTY,
          file,
          "its counts are stale by its own word: a program was cut short while it wrote",
          "count its clusters anew",
          () -> repair(file, RepairMode.ALL, frozen));
    }
    if (!spec.deep() || (dirty && !spec.fix())) {
      return;
    }
    CheckReport report;
    try (FileStorage storage =
        FileStorage.open(file, FileAccess.READ_ONLY, LockMode.SHARED_READER)) {
      report = Qcow2Check.check(storage, context.progress("check")::advance);
    } catch (ImageInUseException _) {
      ailments.report(
          Kind.UNREADABLE,
          file,
          "its index was not checked: a program writes to it",
          "Look again when the VM is down.");
      return;
    }
    judge(file, report, frozen);
  }

  private void judge(Path file, CheckReport report, boolean frozen) {
    if (!report.sound()) {
      ailments.report(
          Kind.CORRUPT,
          file,
          "its index is damaged: " + (report.corruptions() + report.checkErrors()) + " errors",
          "Keep a copy, then repair it: varve img check -r all '" + file + "'.");
    } else if (report.leaks() > 0) {
      ailments.mend(
          Kind.LEAKS,
          file,
          report.leaks() + " clusters are counted and belong to nothing",
          "give them back",
          () -> repair(file, RepairMode.LEAKS, frozen));
    }
  }

  private static void repair(Path file, RepairMode mode, boolean frozen) throws IOException {
    try (FileStorage storage = LayerFiles.claim(file)) {
      Qcow2Check.repair(storage, mode, CheckProgress.NONE);
      storage.flush();
    } finally {
      if (frozen) {
        LayerFiles.freeze(file);
      }
    }
  }

  private void bases() {
    Set<UUID> sound = new HashSet<>();
    for (FoundLayer layer : found.values()) {
      UUID parent = layer.parent();
      if (parent != null
          && !found.containsKey(parent)
          && !Files.exists(site.file(PoolSite.fileName(parent)))) {
        ailments.report(
            Kind.MISSING_BASE,
            layer.file(),
            "its base "
                + PoolSite.fileName(parent)
                + " is missing: nothing on it can be read whole",
            "Put the base back from a backup, then run the doctor again.");
      }
      circle(layer, sound);
    }
  }

  /// Said once for each circle: what was walked before is not walked again.
  private void circle(FoundLayer from, Set<UUID> walked) {
    Set<UUID> path = new HashSet<>();
    for (FoundLayer at = from; at != null && !walked.contains(at.id()); ) {
      if (!path.add(at.id())) {
        ailments.report(
            Kind.CYCLE,
            at.file(),
            "it stands on itself, by way of its bases",
            "Another program wrote the headers: restore these files from a backup.");
        break;
      }
      UUID parent = at.parent();
      at = parent == null ? null : found.get(parent);
    }
    walked.addAll(path);
  }
}
