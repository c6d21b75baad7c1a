// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import io.varve.engine.model.CloneOutcome;
import io.varve.engine.model.DeleteOutcome;
import io.varve.engine.model.DiskSpec;
import io.varve.engine.model.DiskView;
import io.varve.engine.model.ExportSpec;
import io.varve.image.LayerFormat;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Disks: what a guest sees. Every method may be called from any thread and throws
/// [VarveException].
public interface Disks {
  /// Makes an empty disk.
  DiskView create(String pool, String name, DiskSpec spec);

  /// Copies an image into the pool as a new disk. The image stays as it is.
  ///
  /// @param format as declared; never guessed. An image that names a backing or a data file is
  ///   refused
  CloneOutcome importImage(String pool, String name, Path image, LayerFormat format);

  /// Takes an existing qcow2 image (or a block device that holds one) of an external pool as a
  /// disk, in place. Writes nothing but Varve's identity into its header.
  DiskView register(String pool, String name, Path image);

  /// Hands an image of an external pool back: it stays where it lies, with its compute snapshots,
  /// and is no disk of Varve's any more. The inverse of [#register].
  void unregister(DiskAddress disk);

  /// Writes a disk or a snapshot into one independent image file.
  CloneOutcome exportImage(DiskAddress source, Path target, ExportSpec spec);

  /// All disks by pool and name; of one pool where `pool` is not null.
  List<DiskView> list(@Nullable String pool);

  DiskView show(DiskAddress disk);

  /// Sets the size that the guest sees, a positive multiple of 512 bytes.
  ///
  /// @param allowShrink whether data behind a smaller end may be dropped; refused otherwise
  DiskView resize(DiskAddress disk, long newSize, boolean allowShrink);

  /// Deletes a disk. Fast clones of its snapshots live on: what they read is kept as retired
  /// layers.
  ///
  /// @param withSnapshots also if it has snapshots; refused otherwise
  DeleteOutcome delete(DiskAddress disk, boolean withSnapshots);
}
