// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

/// What went wrong, for programs: stable names, one per thing a caller can do differently.
public enum ProblemCode {
  /// A name breaks the rule `[A-Za-z0-9][A-Za-z0-9._-]{0,62}`.
  INVALID_NAME,
  /// An address is not `disk`, `pool/disk`, or one of them with `@snapshot`.
  INVALID_ADDRESS,
  /// A size, an offset or a combination of options cannot be.
  INVALID_REQUEST,
  POOL_NOT_FOUND,
  DISK_NOT_FOUND,
  SNAPSHOT_NOT_FOUND,
  JOB_NOT_FOUND,
  /// The file or folder that the request names does not exist.
  FILE_NOT_FOUND,
  /// A disk of that name is in more than one pool: say `pool/disk`.
  AMBIGUOUS_DISK,
  POOL_EXISTS,
  DISK_EXISTS,
  SNAPSHOT_EXISTS,
  /// A file of that name is there and was not to be replaced.
  FILE_EXISTS,
  /// The capability rule of the pool refuses the verb.
  NOT_ALLOWED_HERE,
  /// The disk still has snapshots.
  HAS_SNAPSHOTS,
  /// Someone holds the snapshot: it must not be deleted.
  HELD,
  /// The active layer holds compute snapshots, which the verb would lose.
  HAS_COMPUTE_SNAPSHOTS,
  /// The pool still has disks.
  POOL_NOT_EMPTY,
  /// A change was asked of a snapshot: a frozen layer is never written.
  FROZEN,
  /// Shrinking was asked without allowing it.
  WOULD_SHRINK,
  /// The image may not be taken in (it names a backing file, say).
  IMPORT_REFUSED,
  /// The target of a stream is not, or has not, what the stream goes on from.
  NOT_THE_BASE,
  /// The stream of a difference is damaged, ends early, or is none.
  DAMAGED_STREAM,
  /// Another Varve, or a QEMU, holds the disk.
  BUSY,
  /// Someone else changed the same thing in between: look again and retry.
  CONFLICT,
  /// The store is full.
  NO_SPACE,
  /// The folder or the file cannot be written.
  READ_ONLY,
  /// The pool's folder is not there, or is another pool's.
  POOL_GONE,
  /// A layer that the catalog knows is not in the pool's folder.
  LAYER_MISSING,
  /// A file in the pool is not what its place says.
  FOREIGN_FILE,
  /// An image is damaged.
  CORRUPT_IMAGE,
  /// A file is not of the declared format.
  WRONG_FORMAT,
  /// An image needs something that Varve refuses by name.
  UNSUPPORTED_IMAGE,
  /// The catalog cannot be opened, read or written.
  CATALOG,
  /// The progress listener asked to stop.
  CANCELLED,
  /// Any other failure of the store.
  IO_ERROR
}
