// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import io.varve.ffi.Advice;
import io.varve.ffi.AllocateMode;
import io.varve.ffi.Errno;
import io.varve.ffi.Fd;
import io.varve.ffi.FileLocks;
import io.varve.ffi.FileStat;
import io.varve.ffi.OpenFlag;
import io.varve.ffi.SystemCallException;
import io.varve.image.ImageInUseException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A file or a block device of this machine. Nothing else is opened: a folder, a fifo or a
/// character device is refused before it is touched.
///
/// It holds the image lock that it was opened with until [#close()] has returned.
///
/// **Threads.** Calls run side by side without a lock; `close` waits for the running ones.
///
/// **A failed flush is final.** After one the kernel may have dropped what it could not write, and
/// calls it clean: a later flush would succeed without that data. So every later flush throws too;
/// open the file again and check it.
public final class FileStorage implements Storage {
  /// Up to here writing zeros is cheaper than a change of the file's extents.
  private static final int SMALL = 4096;

  private final Path path;
  private final Fd fd;
  private final boolean readOnly;
  private final FileTarget target;
  private volatile @Nullable IOException flushFailure;
  private volatile boolean flushless;

  private FileStorage(Path path, Fd fd, FileAccess access, FileTarget target) {
    this.path = path;
    this.fd = fd;
    this.readOnly = access == FileAccess.READ_ONLY;
    this.target = target;
  }

  /// Opens what is there, following symbolic links.
  ///
  /// @throws ImageInUseException if another opener holds it in a way that excludes this one
  /// @throws java.nio.file.NoSuchFileException if there is nothing
  /// @throws java.nio.file.AccessDeniedException if permissions or a read-only file system forbid
  ///   it
  /// @throws IllegalArgumentException for READ_WRITE with a reader's lock, or a writer's without it
  public static FileStorage open(Path path, FileAccess access, LockMode lock) throws IOException {
    requireFitting(access, lock);
    try {
      // Looked at before opening: opening alone can wake the other end of a fifo or move a tape.
      FileStat stat = requireUsable(path, FileStat.of(path));
      Fd fd = Fd.open(path, 0, flags(stat, access, lock));
      return finish(path, fd, access, lock);
    } catch (SystemCallException e) {
      if (e.errno() == Errno.EBUSY) {
        throw new ImageInUseException(
            path + ": device is in use: it is mounted, or belongs to another device", e);
      }
      throw FileErrors.of(path.toString(), "open", e);
    }
  }

  /// Creates an empty file, read-write, with mode 0644 cut by the umask. Never replaces anything.
  ///
  /// @throws java.nio.file.FileAlreadyExistsException if there is something at `path`
  public static FileStorage create(Path path, LockMode lock) throws IOException {
    requireFitting(FileAccess.READ_WRITE, lock);
    Fd fd;
    try {
      fd = Fd.open(path, 0644, OpenFlag.WRITE, OpenFlag.CREATE, OpenFlag.EXCLUSIVE);
    } catch (SystemCallException e) {
      throw FileErrors.of(path.toString(), "create", e);
    }
    try {
      return finish(path, fd, FileAccess.READ_WRITE, lock);
    } catch (IOException e) {
      Files.deleteIfExists(path);
      throw e;
    }
  }

  private static FileStorage finish(Path path, Fd fd, FileAccess access, LockMode lock)
      throws IOException {
    try {
      FileStat stat = requireUsable(path, fd.stat());
      new ImageLocks(path.toString(), FileKey.of(stat), new FileLocks(fd)).acquire(lock);
      return new FileStorage(path, fd, access, FileTarget.of(fd, stat, access));
    } catch (SystemCallException e) {
      fd.close();
      throw FileErrors.of(path.toString(), "open", e);
    } catch (IOException | RuntimeException e) {
      fd.close();
      throw e;
    }
  }

  private static void requireFitting(FileAccess access, LockMode lock) {
    boolean writes = access == FileAccess.READ_WRITE;
    if (lock != LockMode.NONE && lock != LockMode.FILLER && writes != (lock == LockMode.WRITER)) {
      throw new IllegalArgumentException(access + " does not go with the lock " + lock);
    }
  }

  private static FileStat requireUsable(Path path, FileStat stat) throws IOException {
    if (!stat.isRegularFile() && !stat.isBlockDevice()) {
      throw new FileSystemException(
          path.toString(), null, "expected a file or a block device, found a " + stat.typeName());
    }
    return stat;
  }

  private static OpenFlag[] flags(FileStat stat, FileAccess access, LockMode lock) {
    if (access == FileAccess.READ_ONLY) {
      return new OpenFlag[] {OpenFlag.NONBLOCK};
    }
    // On a block device O_EXCL fails while it is mounted or part of another device.
    return stat.isBlockDevice() && lock != LockMode.NONE
        ? new OpenFlag[] {OpenFlag.NONBLOCK, OpenFlag.WRITE, OpenFlag.EXCLUSIVE}
        : new OpenFlag[] {OpenFlag.NONBLOCK, OpenFlag.WRITE};
  }

  @Override
  public String name() {
    return path.toString();
  }

  /// The path that it was opened by.
  public Path path() {
    return path;
  }

  /// Which file this is, for comparing.
  public FileKey fileKey() {
    return FileKey.of(target.stat());
  }

  /// The state in which the file was when it was opened.
  public FileState stateWhenOpened() {
    return FileState.of(target.stat());
  }

  /// Tells the kernel to expect reads all over the file: no read-ahead, and no large folios in the
  /// page cache, which make small random writes many times slower.
  public void adviseRandom() throws IOException {
    try {
      fd.advise(Advice.RANDOM, 0, 0);
    } catch (SystemCallException e) {
      throw FileErrors.of(name(), "advise", e);
    }
  }

  /// From now on [#flush()] returns at once: nothing survives a crash of the machine. For a file
  /// that is thrown away if its making is cut short.
  public void ignoreFlushes() {
    flushless = true;
  }

  Fd fd() {
    return fd;
  }

  @Override
  public long size() throws IOException {
    try {
      if (target.fixedSize() >= 0) {
        fd.requireOpen();
        return target.fixedSize();
      }
      return fd.stat().size();
    } catch (SystemCallException e) {
      throw FileErrors.of(name(), "size", e);
    }
  }

  @Override
  public void read(long position, ByteBuffer dst) throws IOException {
    Ranges.require(position, dst.remaining());
    int length = dst.remaining();
    try {
      fd.pread(position, dst);
    } catch (SystemCallException e) {
      throw FileErrors.of(name(), "read " + Ranges.text(position, length), e);
    }
    Zeros.fill(dst);
  }

  @Override
  public void write(long position, ByteBuffer src) throws IOException {
    int length = src.remaining();
    requireRoom("write", position, length);
    try {
      fd.pwrite(position, src);
    } catch (SystemCallException e) {
      throw FileErrors.of(name(), "write " + Ranges.text(position, length), e);
    }
  }

  @Override
  public void flush() throws IOException {
    IOException earlier = flushFailure;
    if (earlier != null) {
      throw new FileSystemException(
          name(),
          null,
          "flush: an earlier flush failed and data may be lost: "
              + earlier.getMessage()
              + ". Open the file again and check it");
    }
    if (readOnly || flushless) {
      fd.requireOpen();
      return;
    }
    try {
      fd.fdatasync();
    } catch (SystemCallException e) {
      IOException failure = FileErrors.of(name(), "flush", e);
      flushFailure = failure;
      throw failure;
    }
  }

  @Override
  public void truncate(long size) throws IOException {
    requireRoom("truncate", size, 0);
    if (target.fixedSize() >= 0) {
      fd.requireOpen();
      return;
    }
    try {
      fd.ftruncate(size);
    } catch (SystemCallException e) {
      throw FileErrors.of(name(), "truncate to " + size + " bytes", e);
    }
  }

  @Override
  public boolean punch(long position, long length) throws IOException {
    Ranges.require(position, length);
    requireWritable("punch");
    fd.requireOpen();
    if (!target.capabilities().punch()) {
      return false;
    }
    long end = position + length;
    if (target.fixedSize() >= 0) {
      end = Math.min(end, target.fixedSize());
    }
    long block = target.blockSize();
    long from = (position + block - 1) / block * block;
    long to = end / block * block;
    if (from >= to) {
      writeZeros(position, end - position);
      return true;
    }
    if (!allocate(AllocateMode.PUNCH_HOLE, from, to - from)) {
      return false;
    }
    writeZeros(position, from - position);
    writeZeros(to, end - to);
    return true;
  }

  @Override
  public void zero(long position, long length) throws IOException {
    requireRoom("zero", position, length);
    if (length <= SMALL) {
      writeZeros(position, length);
    } else if (punch(position, length)) {
      growTo(position + length);
    } else if (!allocate(AllocateMode.ZERO_RANGE, position, length)) {
      writeZeros(position, length);
    }
  }

  @Override
  public void zeroReserved(long position, long length) throws IOException {
    requireRoom("zero", position, length);
    if (length > 0 && !allocate(AllocateMode.ZERO_RANGE, position, length)) {
      zero(position, length);
      reserve(position, length);
    }
  }

  @Override
  public void reserve(long position, long length) throws IOException {
    requireRoom("reserve", position, length);
    if (length > 0 && !allocate(AllocateMode.RESERVE, position, length)) {
      long end = position + length;
      long known = size();
      writeZeros(Math.max(position, known), end - Math.max(position, known));
    }
  }

  /// Grows by writing the last byte: unlike ftruncate it cannot cut off what another thread
  /// appends.
  private void growTo(long end) throws IOException {
    if (size() < end) {
      writeZeros(end - 1, 1);
    }
  }

  /// False where the store cannot do that to the range.
  private boolean allocate(AllocateMode mode, long position, long length) throws IOException {
    try {
      fd.fallocate(mode, position, length);
      return true;
    } catch (SystemCallException e) {
      boolean unaligned = target.fixedSize() >= 0 && e.errno() == Errno.EINVAL;
      if (unaligned || e.errno() == Errno.EOPNOTSUPP || e.errno() == Errno.ENOSYS) {
        return false;
      }
      throw FileErrors.of(name(), mode + " " + Ranges.text(position, length), e);
    }
  }

  private void writeZeros(long position, long length) throws IOException {
    long done = 0;
    while (done < length) {
      ByteBuffer zeros = Zeros.piece(length - done);
      write(position + done, zeros);
      done += zeros.position();
    }
  }

  @Override
  public long allocatedBytes() throws IOException {
    try {
      // To a device every byte is its own.
      return target.fixedSize() >= 0 ? size() : fd.stat().blocks() * 512;
    } catch (SystemCallException e) {
      throw FileErrors.of(name(), "status", e);
    }
  }

  @Override
  public @Nullable DataRange nextData(long position) throws IOException {
    Ranges.require(position, 0);
    if (!target.capabilities().sparse()) {
      long size = size();
      return position < size ? new DataRange(position, size - position) : null;
    }
    try {
      long data = fd.seekData(position);
      if (data < 0) {
        return null;
      }
      long hole = fd.seekHole(data);
      return hole > data ? new DataRange(data, hole - data) : null;
    } catch (SystemCallException e) {
      throw FileErrors.of(name(), "search for data from " + position, e);
    }
  }

  @Override
  public StorageCapabilities capabilities() {
    return target.capabilities();
  }

  @Override
  public boolean readOnly() {
    return readOnly;
  }

  @Override
  public void close() throws IOException {
    try {
      fd.close();
    } catch (SystemCallException e) {
      throw FileErrors.of(name(), "close", e);
    }
  }

  private void requireWritable(String doing) throws IOException {
    if (readOnly) {
      throw new ReadOnlyStorageException(name() + ": " + doing + ": opened read-only");
    }
  }

  /// Refuses what a read-only storage or the fixed size of a device does not allow.
  void requireRoom(String doing, long position, long length) throws IOException {
    Ranges.require(position, length);
    requireWritable(doing);
    if (target.fixedSize() >= 0 && position + length > target.fixedSize()) {
      throw new NoSpaceException(
          Ranges.beyond(name(), doing, position, length, target.fixedSize()));
    }
  }
}
