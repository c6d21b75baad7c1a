// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;

/// The functions of the C library that Varve calls, each beside its C signature.
///
/// Every method here returns what the function returns, or the negated error number where it fails:
/// the way the kernel itself answers. Nothing is retried and nothing is thrown. A result that is an
/// `int` in C comes back as a `long`, so that callers treat all alike.
final class LibC {
  static final StructLayout ERRNO_STATE = Linker.Option.captureStateLayout();

  private static final Linker LINKER = Linker.nativeLinker();
  private static final long ERRNO_OFFSET =
      ERRNO_STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

  // int open(const char *path, int flags, ... /* mode_t mode */);
  private static final MethodHandle OPEN =
      variadic("open", JAVA_INT, 2, ADDRESS, JAVA_INT, JAVA_INT);

  // int close(int fd);
  private static final MethodHandle CLOSE = plain("close", JAVA_INT, JAVA_INT);

  // ssize_t pread(int fd, void *buf, size_t count, off_t offset);
  private static final MethodHandle PREAD =
      plain("pread", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);

  // ssize_t pwrite(int fd, const void *buf, size_t count, off_t offset);
  private static final MethodHandle PWRITE =
      plain("pwrite", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);

  // int fdatasync(int fd);
  private static final MethodHandle FDATASYNC = plain("fdatasync", JAVA_INT, JAVA_INT);

  // int fsync(int fd);
  private static final MethodHandle FSYNC = plain("fsync", JAVA_INT, JAVA_INT);

  // int ftruncate(int fd, off_t length);
  private static final MethodHandle FTRUNCATE = plain("ftruncate", JAVA_INT, JAVA_INT, JAVA_LONG);

  // int fallocate(int fd, int mode, off_t offset, off_t len);
  private static final MethodHandle FALLOCATE =
      plain("fallocate", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);

  // off_t lseek(int fd, off_t offset, int whence);
  private static final MethodHandle LSEEK =
      plain("lseek", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);

  // int statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *buf);
  private static final MethodHandle STATX =
      plain("statx", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS);

  // int fstatfs(int fd, struct statfs *buf);
  private static final MethodHandle FSTATFS = plain("fstatfs", JAVA_INT, JAVA_INT, ADDRESS);

  // int ioctl(int fd, unsigned long request, ... /* void *argument */);
  private static final MethodHandle IOCTL =
      variadic("ioctl", JAVA_INT, 2, JAVA_INT, JAVA_LONG, ADDRESS);

  // int fcntl(int fd, int command, ... /* struct flock *lock */);
  private static final MethodHandle FCNTL =
      variadic("fcntl", JAVA_INT, 2, JAVA_INT, JAVA_INT, ADDRESS);

  // int posix_fadvise(int fd, off_t offset, off_t len, int advice);
  private static final MethodHandle FADVISE =
      plain("posix_fadvise", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);

  // ssize_t copy_file_range(int in, off_t *off_in, int out, off_t *off_out, size_t len, unsigned
  // f);
  private static final MethodHandle COPY_FILE_RANGE =
      plain(
          "copy_file_range", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);

  private LibC() {}

  static long open(MemorySegment path, int flags, int mode) {
    MemorySegment state = Scratch.get().errno();
    try {
      return result((int) OPEN.invokeExact(state, path, flags, mode), state);
    } catch (Throwable impossible) {
      throw new LinkageError("open", impossible);
    }
  }

  static long close(int fd) {
    return call("close", CLOSE, fd);
  }

  static long pread(int fd, MemorySegment buffer, long count, long offset) {
    MemorySegment state = Scratch.get().errno();
    try {
      return result((long) PREAD.invokeExact(state, fd, buffer, count, offset), state);
    } catch (Throwable impossible) {
      throw new LinkageError("pread", impossible);
    }
  }

  static long pwrite(int fd, MemorySegment buffer, long count, long offset) {
    MemorySegment state = Scratch.get().errno();
    try {
      return result((long) PWRITE.invokeExact(state, fd, buffer, count, offset), state);
    } catch (Throwable impossible) {
      throw new LinkageError("pwrite", impossible);
    }
  }

  static long fdatasync(int fd) {
    return call("fdatasync", FDATASYNC, fd);
  }

  static long fsync(int fd) {
    return call("fsync", FSYNC, fd);
  }

  static long ftruncate(int fd, long length) {
    MemorySegment state = Scratch.get().errno();
    try {
      return result((int) FTRUNCATE.invokeExact(state, fd, length), state);
    } catch (Throwable impossible) {
      throw new LinkageError("ftruncate", impossible);
    }
  }

  static long fallocate(int fd, int mode, long offset, long length) {
    MemorySegment state = Scratch.get().errno();
    try {
      return result((int) FALLOCATE.invokeExact(state, fd, mode, offset, length), state);
    } catch (Throwable impossible) {
      throw new LinkageError("fallocate", impossible);
    }
  }

  static long lseek(int fd, long offset, int whence) {
    MemorySegment state = Scratch.get().errno();
    try {
      return result((long) LSEEK.invokeExact(state, fd, offset, whence), state);
    } catch (Throwable impossible) {
      throw new LinkageError("lseek", impossible);
    }
  }

  static long statx(int folder, MemorySegment path, int flags, int mask, MemorySegment into) {
    MemorySegment state = Scratch.get().errno();
    try {
      return result((int) STATX.invokeExact(state, folder, path, flags, mask, into), state);
    } catch (Throwable impossible) {
      throw new LinkageError("statx", impossible);
    }
  }

  static long fstatfs(int fd, MemorySegment into) {
    MemorySegment state = Scratch.get().errno();
    try {
      return result((int) FSTATFS.invokeExact(state, fd, into), state);
    } catch (Throwable impossible) {
      throw new LinkageError("fstatfs", impossible);
    }
  }

  static long ioctl(int fd, long request, MemorySegment argument) {
    MemorySegment state = Scratch.get().errno();
    try {
      return result((int) IOCTL.invokeExact(state, fd, request, argument), state);
    } catch (Throwable impossible) {
      throw new LinkageError("ioctl", impossible);
    }
  }

  static long fcntl(int fd, int command, MemorySegment argument) {
    MemorySegment state = Scratch.get().errno();
    try {
      return result((int) FCNTL.invokeExact(state, fd, command, argument), state);
    } catch (Throwable impossible) {
      throw new LinkageError("fcntl", impossible);
    }
  }

  /// Unlike the others this function returns its error number and leaves `errno` alone.
  static long posixFadvise(int fd, long offset, long length, int advice) {
    MemorySegment state = Scratch.get().errno();
    try {
      return -(int) FADVISE.invokeExact(state, fd, offset, length, advice);
    } catch (Throwable impossible) {
      throw new LinkageError("posix_fadvise", impossible);
    }
  }

  static long copyFileRange(
      int from, MemorySegment fromAt, int to, MemorySegment toAt, long length) {
    MemorySegment state = Scratch.get().errno();
    try {
      return result(
          (long) COPY_FILE_RANGE.invokeExact(state, from, fromAt, to, toAt, length, 0), state);
    } catch (Throwable impossible) {
      throw new LinkageError("copy_file_range", impossible);
    }
  }

  private static long call(String name, MethodHandle function, int fd) {
    MemorySegment state = Scratch.get().errno();
    try {
      return result((int) function.invokeExact(state, fd), state);
    } catch (Throwable impossible) {
      throw new LinkageError(name, impossible);
    }
  }

  private static long result(long returned, MemorySegment state) {
    return returned >= 0 ? returned : -state.get(JAVA_INT, ERRNO_OFFSET);
  }

  private static MethodHandle plain(String name, MemoryLayout returned, MemoryLayout... arguments) {
    return link(name, returned, List.of(), arguments);
  }

  private static MethodHandle variadic(
      String name, MemoryLayout returned, int firstVariadic, MemoryLayout... arguments) {
    return link(name, returned, List.of(Linker.Option.firstVariadicArg(firstVariadic)), arguments);
  }

  private static MethodHandle link(
      String name, MemoryLayout returned, List<Linker.Option> more, MemoryLayout... arguments) {
    List<Linker.Option> options = new ArrayList<>(more);
    options.add(Linker.Option.captureCallState("errno"));
    MemorySegment address =
        LINKER
            .defaultLookup()
            .find(name)
            .orElseThrow(() ->
                new UnsatisfiedLinkError(
                    "the C library lacks '" + name + "': glibc 2.28 or newer is needed"));
    return LINKER.downcallHandle(
        address, FunctionDescriptor.of(returned, arguments), options.toArray(Linker.Option[]::new));
  }
}
