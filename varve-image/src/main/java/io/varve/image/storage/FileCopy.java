// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import io.varve.ffi.Errno;
import io.varve.ffi.SystemCallException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Moves ranges from file to file without carrying the bytes through the JVM where the store can do
/// that. Nothing is durable before the target is flushed.
///
/// All methods may be called from any thread. Source and target ranges must not overlap.
public final class FileCopy {
  /// Bytes of one step; between two steps another thread may close either file.
  private static final long STEP = 1L << 27;

  private static final int BUFFER = 1 << 20;

  private FileCopy() {}

  /// Makes the range of `to` share the blocks of the range of `from`: no data moves, whoever writes
  /// first gets a block of its own. The target grows where it ends earlier.
  ///
  /// False, having changed nothing, where the store cannot: no such feature, two file systems, or a
  /// range that does not lie on whole blocks (the end of `from` is allowed to be the end of a
  /// block).
  public static boolean reflink(
      FileStorage from, long fromPosition, FileStorage to, long toPosition, long length)
      throws IOException {
    Ranges.require(fromPosition, length);
    to.requireRoom("reflink", toPosition, length);
    if (length == 0) {
      // To the kernel, length 0 means: up to the end.
      return true;
    }
    try {
      to.fd().cloneRangeFrom(from.fd(), fromPosition, toPosition, length);
      return true;
    } catch (SystemCallException e) {
      return switch (e.errno()) {
        case EOPNOTSUPP, ENOTTY, EXDEV, EINVAL, ENOSYS -> false;
        default -> throw FileErrors.of(to.name(), doing("reflink", from, toPosition, length), e);
      };
    }
  }

  /// Copies the range; holes of the source become zeros by the cheapest way that the target has.
  /// What lies past the end of `from` is zero.
  public static void copy(
      FileStorage from, long fromPosition, FileStorage to, long toPosition, long length)
      throws IOException {
    Ranges.require(fromPosition, length);
    to.requireRoom("copy", toPosition, length);
    long shift = toPosition - fromPosition;
    long end = fromPosition + length;
    long at = fromPosition;
    while (at < end) {
      Storage.@Nullable DataRange data = from.nextData(at);
      long dataStart = data == null ? end : Math.min(end, data.position());
      to.zero(at + shift, dataStart - at);
      long dataEnd = data == null ? end : Math.min(end, data.position() + data.length());
      copyData(from, dataStart, to, dataStart + shift, dataEnd - dataStart);
      at = dataEnd;
    }
  }

  /// Moves a range from storage to storage by the cheapest way that both have: shared blocks, the
  /// kernel's copy, a buffer. True if the blocks are shared, so that no data moved.
  public static boolean shareOrCopy(
      Storage from, long fromPosition, Storage to, long toPosition, long length)
      throws IOException {
    if (from instanceof FileStorage file && to instanceof FileStorage target) {
      if (reflink(file, fromPosition, target, toPosition, length)) {
        return true;
      }
      copy(file, fromPosition, target, toPosition, length);
      return false;
    }
    ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(BUFFER, length));
    for (long done = 0; done < length; done += buffer.limit()) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), length - done));
      from.read(fromPosition + done, buffer);
      to.write(toPosition + done, buffer.flip());
    }
    return false;
  }

  private static void copyData(
      FileStorage from, long fromPosition, FileStorage to, long toPosition, long length)
      throws IOException {
    long done = 0;
    while (done < length) {
      long step = Math.min(STEP, length - done);
      long copied = copyInKernel(from, fromPosition + done, to, toPosition + done, step);
      if (copied <= 0) {
        copyThroughBuffer(from, fromPosition + done, to, toPosition + done, length - done);
        return;
      }
      done += copied;
    }
  }

  /// Bytes copied; 0 where the kernel cannot do it for these two.
  private static long copyInKernel(
      FileStorage from, long fromPosition, FileStorage to, long toPosition, long length)
      throws IOException {
    try {
      return to.fd().copyRangeFrom(from.fd(), fromPosition, toPosition, length);
    } catch (SystemCallException e) {
      Errno errno = e.errno();
      if (errno == Errno.EXDEV
          || errno == Errno.EINVAL
          || errno == Errno.EOPNOTSUPP
          || errno == Errno.ENOSYS
          || errno == Errno.EPERM) {
        return 0;
      }
      throw FileErrors.of(to.name(), doing("copy", from, toPosition, length), e);
    }
  }

  private static void copyThroughBuffer(
      FileStorage from, long fromPosition, FileStorage to, long toPosition, long length)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(BUFFER, length));
    for (long done = 0; done < length; done += buffer.limit()) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), length - done));
      from.read(fromPosition + done, buffer);
      to.write(toPosition + done, buffer.flip());
    }
  }

  private static String doing(String verb, FileStorage from, long toPosition, long length) {
    return verb + " " + Ranges.text(toPosition, length) + " from " + from.name();
  }
}
