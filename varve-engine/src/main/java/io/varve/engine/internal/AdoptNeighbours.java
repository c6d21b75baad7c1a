// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.image.BackingReference;
import io.varve.image.chain.OpenGate;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.storage.FileKey;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Looks beside the files of chains for others that stand on them: these would lose their base when
/// it moves, or see it change.
final class AdoptNeighbours {
  /// Files of one folder that are looked at.
  private static final int MOST = 10_000;

  private static final int QCOW2 = 0x514649fb;

  private final Set<FileKey> adopted;

  AdoptNeighbours(Set<FileKey> adopted) {
    this.adopted = adopted;
  }

  /// @throws io.varve.engine.RefusedException if there is one
  void requireNone(List<Path> files) throws IOException {
    Set<Path> folders = new HashSet<>();
    for (Path file : files) {
      Path folder = LayerFiles.folderOf(file);
      if (folders.add(folder)) {
        look(folder);
      }
    }
  }

  private void look(Path folder) throws IOException {
    int seen = 0;
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
      for (Path file : all) {
        if (++seen > MOST) {
          throw AdoptScan.refused(
              folder,
              "it has more than " + MOST + " files, too many to look for others of the chain",
              "Move the files of the chain into a folder of their own first.");
        }
        requireStranger(file);
      }
    }
  }

  private void requireStranger(Path file) throws IOException {
    Path base = baseOf(file);
    if (base != null && adopted.contains(FileKey.of(base)) && !adopted.contains(FileKey.of(file))) {
      throw AdoptScan.refused(
          base,
          file + " stands on it too, and is not among the disks to adopt",
          "Adopt both at once (--also POOL/NAME=FILE), or make the other one independent first:"
              + " qemu-img rebase -b '' '"
              + file
              + "'.");
    }
  }

  /// Null where it is no overlay, or cannot be told.
  private static @Nullable Path baseOf(Path file) {
    if (!Files.isRegularFile(file) || !isQcow2(file)) {
      return null;
    }
    try (Qcow2Layer layer = LayerFiles.openToLook(file)) {
      BackingReference backing = layer.backing().orElse(null);
      return backing == null ? null : OpenGate.anyPlainFile().admit(file, backing).toRealPath();
    } catch (IOException _) {
      // A stranger that cannot be read stands on nothing that it could read.
      return null;
    }
  }

  private static boolean isQcow2(Path file) {
    try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
      return in.readInt() == QCOW2;
    } catch (IOException _) {
      return false;
    }
  }
}
