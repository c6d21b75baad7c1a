// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import io.varve.ffi.Errno;
import io.varve.ffi.FileLocks;
import io.varve.ffi.SystemCallException;
import io.varve.image.ImageInUseException;
import io.varve.image.storage.LockMode.Permission;
import java.io.IOException;
import java.nio.file.FileSystemException;

/// QEMU's image locks: every lock is shared and one byte long, and says what its holder does (100 +
/// permission) or denies to others (200 + permission). To come in, say it first, then look whether
/// anybody's words contradict. Two who come at once may both see each other and both give up; never
/// do both get in.
final class ImageLocks {
  private static final long FIRST_BYTE = 100;
  private static final long BYTES = 105;

  private final String name;
  private final FileKey file;
  private final FileLocks locks;

  ImageLocks(String name, FileKey file, FileLocks locks) {
    this.name = name;
    this.file = file;
    this.locks = locks;
  }

  /// Takes the locks of `mode`, all or none.
  ///
  /// @throws ImageInUseException if another opener is in the way
  void acquire(LockMode mode) throws IOException {
    if (mode == LockMode.NONE) {
      return;
    }
    try {
      for (Permission needed : mode.needed()) {
        announce(needed.hasByte(), needed);
      }
      for (Permission unshared : mode.unshared()) {
        announce(unshared.unsharedByte(), unshared);
      }
      for (Permission needed : mode.needed()) {
        if (locks.heldElsewhere(needed.unsharedByte(), 1)) {
          throw inUse(
              "\"" + needed.qemuName() + "\"",
              "the other does not allow " + needed.doing() + " meanwhile");
        }
      }
      for (Permission unshared : mode.unshared()) {
        if (locks.heldElsewhere(unshared.hasByte(), 1)) {
          throw inUse(
              "shared \"" + unshared.qemuName() + "\"",
              "the other has it open for " + unshared.doing());
        }
      }
    } catch (SystemCallException e) {
      throw noLocks(e);
    }
  }

  private void announce(long at, Permission permission) throws IOException {
    if (!locks.tryShared(at, 1)) {
      throw inUse(
          "\"" + permission.qemuName() + "\"", "the other locks it against " + permission.doing());
    }
  }

  private ImageInUseException inUse(String lock, String how) throws IOException {
    // Our own words must go before anyone asks who says what.
    locks.unlock(FIRST_BYTE, BYTES);
    String holders = LockHolders.describe(file);
    return ImageInUseException.lacking(
        lock,
        name
            + ": image is in use: "
            + how
            + (holders.isEmpty()
                ? ". Is another process (QEMU, another varve) using it?"
                : ". It is held by " + holders + ".")
            + " Stop the VM or wait for the process that holds it, then try again");
  }

  private IOException noLocks(SystemCallException e) {
    Errno errno = e.errno();
    if (errno != Errno.ENOLCK
        && errno != Errno.EINVAL
        && errno != Errno.EOPNOTSUPP
        && errno != Errno.ENOSYS) {
      return FileErrors.of(name, "image lock", e);
    }
    FileSystemException refusal =
        new FileSystemException(
            name,
            null,
            "image lock: the file system has no open-file-description locks: "
                + e.reason()
                + ". Keep the image on a file system that has them, or open it without locks where"
                + " nothing else can use it");
    refusal.initCause(e);
    return refusal;
  }
}
