// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.storage.Storage;
import java.io.IOException;

/// Checks a qcow2 image, with the verdicts and in the words of `qemu-img check`.
///
/// It follows everything that an image can refer to (the active tables, the internal snapshots, the
/// refcount structure, persistent bitmaps), counts the references to each host cluster, and
/// compares them with the refcounts. Memory follows what the image refers to inside its file, and
/// time the length of the file's data, whatever its header says.
///
/// **Threads.** Static methods without state. The image must not change meanwhile: the caller holds
/// the storage, with the locks that go with it.
public final class Qcow2Check {
  private Qcow2Check() {}

  /// Reads, and never writes.
  ///
  /// @throws io.varve.image.ImageException if the header is damaged or asks for what Varve does not
  ///   know
  public static CheckReport check(Storage storage, CheckProgress progress) throws IOException {
    return run(storage, CheckOptions.look().withProgress(progress));
  }

  /// Repairs, then checks again: the report is that of the second check, with what is mended since
  /// the first.
  ///
  /// Refcounts are set to what refers to each cluster, the COPIED bits follow, and the dirty and
  /// the corrupt bit are cleared once nothing else is wrong. Where a part of an image cannot be
  /// followed, no refcount is lowered: leaks stay rather than data go. A crash leaves an image that
  /// a repair mends.
  ///
  /// @param storage writable
  /// @throws io.varve.image.ImageException as [#check] does
  public static CheckReport repair(Storage storage, RepairMode mode, CheckProgress progress)
      throws IOException {
    CheckOptions look = CheckOptions.look().withProgress(progress);
    CheckReport first = run(storage, look.withRepair(mode));
    return run(storage, look).after(first);
  }

  /// One pass, which repairs on its way what `options` ask for.
  ///
  /// @throws io.varve.image.ImageException as [#check] does
  public static CheckReport run(Storage storage, CheckOptions options) throws IOException {
    return CheckPass.run(storage, options);
  }
}
