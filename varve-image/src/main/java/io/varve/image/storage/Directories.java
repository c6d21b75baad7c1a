// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import io.varve.ffi.Fd;
import io.varve.ffi.OpenFlag;
import io.varve.ffi.SystemCallException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;

/// Changes of a folder's entries that survive a crash. A name that was created, renamed or removed
/// is only durable once its folder has been flushed; flushing the file is not enough.
///
/// All methods may be called from any thread; errors begin with the path.
public final class Directories {
  private static final Set<PosixFilePermission> WRITE_BITS =
      EnumSet.of(
          PosixFilePermission.OWNER_WRITE,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_WRITE);

  private Directories() {}

  /// Makes the entries of `folder` durable (fsync).
  ///
  /// @throws java.nio.file.NoSuchFileException if there is none
  public static void flush(Path folder) throws IOException {
    try (Fd fd = Fd.open(folder, 0, OpenFlag.DIRECTORY)) {
      fd.fsync();
    } catch (SystemCallException e) {
      throw FileErrors.of(folder.toString(), "flush of the folder", e);
    }
  }

  /// Gives the file at `from` the name `to`, in place of whatever file has it: atomically, and
  /// durably once this has returned. The content must have been flushed before. Both folders must
  /// be on one file system.
  public static void replace(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    flush(folderOf(to));
    if (!folderOf(from).equals(folderOf(to))) {
      flush(folderOf(from));
    }
  }

  /// Removes a file's name, durably once this has returned. False, and the folder flushed all the
  /// same, if it was gone already: so that a step can be repeated after a crash.
  public static boolean delete(Path file) throws IOException {
    boolean deleted = Files.deleteIfExists(file);
    flush(folderOf(file));
    return deleted;
  }

  /// Takes all write permissions from a file, or gives its owner the one to write. Durable with the
  /// file's next flush at the latest; a file of someone else is refused.
  public static void setWritable(Path file, boolean writable) throws IOException {
    Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
    permissions.addAll(Files.getPosixFilePermissions(file));
    if (writable) {
      permissions.add(PosixFilePermission.OWNER_WRITE);
    } else {
      permissions.removeAll(WRITE_BITS);
    }
    Files.setPosixFilePermissions(file, permissions);
    try (Fd fd = Fd.open(file, 0, OpenFlag.NONBLOCK)) {
      fd.fsync();
    } catch (SystemCallException e) {
      throw FileErrors.of(file.toString(), "flush", e);
    }
  }

  private static Path folderOf(Path file) {
    Path parent = file.toAbsolutePath().getParent();
    if (parent == null) {
      throw new IllegalArgumentException(file + " has no folder");
    }
    return parent;
  }
}
