// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.BusyException;
import io.varve.engine.CancelledException;
import io.varve.engine.DamagedException;
import io.varve.engine.InvalidRequestException;
import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.StoreException;
import io.varve.engine.VarveException;
import io.varve.engine.catalog.CatalogConflictException;
import io.varve.engine.catalog.CatalogException;
import io.varve.image.BackingChainException;
import io.varve.image.CorruptImageException;
import io.varve.image.ImageInUseException;
import io.varve.image.ReadOnlyImageException;
import io.varve.image.UnsupportedImageException;
import io.varve.image.WrongFormatException;
import io.varve.image.storage.NoSpaceException;
import io.varve.image.storage.ReadOnlyStorageException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CancellationException;

/// Turns what the layers beneath throw into what a user can act on.
final class Problems {
  private Problems() {}

  /// Work of a verb.
  @FunctionalInterface
  interface Body<T> {
    T run() throws IOException;
  }

  /// Runs the work of a verb; whatever it throws comes out as a [VarveException].
  static <T> T guard(Body<T> body) {
    try {
      return body.run();
    } catch (IOException | RuntimeException e) {
      throw of(e);
    }
  }

  static VarveException of(Exception e) {
    String message = messageOf(e);
    return switch (e) {
      case VarveException known -> known;
      case UncheckedIOException io when io.getCause() != null -> of(io.getCause());
      case CancellationException _ ->
          new CancelledException(ProblemCode.CANCELLED, "stopped on request", "", e);
      case CatalogConflictException _ ->
          new BusyException(
              ProblemCode.CONFLICT, message, "Someone else was faster: look again and retry.", e);
      case CatalogException _ ->
          new StoreException(
              ProblemCode.CATALOG,
              message,
              "Check the folder of the catalog (--home) and its free space; the files of the pools"
                  + " are not touched, and a rescan rebuilds the catalog from them.",
              e);
      case IOException io -> ofIo(io, message);
      default -> internal(e);
    };
  }

  /// What went wrong, in one sentence, for the row of a job.
  static String reason(Exception e) {
    return e instanceof JobWaitException ? messageOf(e) : of(e).reason();
  }

  private static VarveException internal(Exception e) {
    if (e instanceof IllegalArgumentException) {
      return new InvalidRequestException(ProblemCode.INVALID_REQUEST, messageOf(e), "", e);
    }
    return new StoreException(
        ProblemCode.IO_ERROR,
        "internal error: " + e,
        "This is a fault of Varve; please report it with the stack trace.",
        e);
  }

  private static VarveException ofIo(IOException e, String message) {
    return switch (e) {
      case NoSpaceException _ ->
          new StoreException(
              ProblemCode.NO_SPACE,
              reason(message),
              "Free some space in the store and try again.",
              e);
      case ImageInUseException _ ->
          new BusyException(
              ProblemCode.BUSY,
              reason(message),
              "Shut the VM down or end the other program, then try again.",
              e);
      case ReadOnlyStorageException _ -> readOnly(e, message);
      case AccessDeniedException _ -> readOnly(e, message);
      case NoSuchFileException _ ->
          new DamagedException(
              ProblemCode.LAYER_MISSING,
              "file " + message + " is missing",
              "Put it back, or let a rescan of the pool find out what is left.",
              e);
      case BackingChainException _ ->
          new DamagedException(
              message.contains("missing") ? ProblemCode.LAYER_MISSING : ProblemCode.FOREIGN_FILE,
              message,
              "",
              e);
      case CorruptImageException _ ->
          new DamagedException(
              ProblemCode.CORRUPT_IMAGE,
              message,
              "Check it with qemu-img check; restore it from a backup if it cannot be repaired.",
              e);
      case WrongFormatException _ ->
          new DamagedException(
              ProblemCode.WRONG_FORMAT,
              message,
              "Name the format that the file has: raw or qcow2.",
              e);
      case UnsupportedImageException _ ->
          new RefusedException(ProblemCode.UNSUPPORTED_IMAGE, message, "", e);
      case ReadOnlyImageException _ ->
          new RefusedException(
              ProblemCode.FROZEN, message, "Write to a disk or a clone, never to a snapshot.", e);
      default ->
          message.contains("Read-only file system") || message.contains("EROFS")
              ? readOnly(e, message)
              : new StoreException(ProblemCode.IO_ERROR, message, "", e);
    };
  }

  /// Without the last sentence, which is the library's own cure: the engine has a better one.
  private static String reason(String message) {
    int end = message.lastIndexOf(". ");
    return end < 0 ? message : message.substring(0, end);
  }

  private static StoreException readOnly(IOException e, String message) {
    return new StoreException(
        ProblemCode.READ_ONLY,
        "not writable: " + message,
        "Make the folder and its files writable for the user that runs Varve.",
        e);
  }

  private static String messageOf(Exception e) {
    if (e instanceof FileSystemException file && file.getReason() == null) {
      return file.getFile() == null ? file.getClass().getSimpleName() : file.getFile();
    }
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }
}
