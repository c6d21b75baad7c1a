// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.ExitCode;
import io.varve.cli.UsageException;
import io.varve.engine.InvalidRequestException;
import io.varve.engine.VarveException;
import io.varve.image.CorruptImageException;
import io.varve.image.ImageException;
import io.varve.image.ImageInUseException;
import io.varve.image.UnsupportedImageException;
import io.varve.image.WrongFormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import org.jspecify.annotations.Nullable;

/// An error as a user sees it: what went wrong and what to do, never a stack trace.
///
/// @param code stable word for scripts, such as `not-found`
/// @param message the subject, a colon, the reason
/// @param cure what to do next, null where nothing can be said
/// @param exit the exit code
record Problem(String code, String message, @Nullable String cure, int exit) {
  private static final String REPORT =
      "run the command again with --debug and report what it prints";

  static Problem of(Throwable error) {
    return switch (error) {
      case UsageException e -> new Problem("usage", text(e), e.cure(), ExitCode.USAGE);
      case VarveException e ->
          new Problem(Shapes.word(e.code()), e.reason(), emptyToNull(e.cure()), exit(e));
      case ImageException e -> ofImage(e);
      case IOException e -> ofFile(e);
      case OutOfMemoryError e ->
          new Problem(
              "out-of-memory",
              "out of memory: " + text(e),
              "give the program more: VARVE_JAVA_OPTS=-Xmx2g",
              ExitCode.ERROR);
      case UncheckedIOException e when e.getCause() != null -> of(e.getCause());
      default ->
          new Problem(
              "internal",
              "internal error: %s: %s".formatted(error.getClass().getSimpleName(), text(error)),
              REPORT,
              ExitCode.ERROR);
    };
  }

  /// A word that cannot be a name or an address was typed, not met: that is usage.
  private static int exit(VarveException e) {
    return e instanceof InvalidRequestException ? ExitCode.USAGE : ExitCode.ERROR;
  }

  private static @Nullable String emptyToNull(String text) {
    return text.isEmpty() ? null : text;
  }

  /// The library's messages are `what is wrong. What to do`, where there is something to do.
  private static Problem ofImage(ImageException e) {
    String message = text(e);
    int end = message.lastIndexOf(". ");
    String reason = end < 0 ? message : message.substring(0, end);
    String own = end < 0 ? null : message.substring(end + 2);
    return switch (e) {
      case ImageInUseException _ ->
          image("in-use", reason, own, "stop the program that has it open");
      case CorruptImageException _ ->
          image("corrupt-image", reason, own, "look at it with qemu-img check FILE");
      case WrongFormatException _ ->
          image("wrong-format", reason, own, "say what the file is: --format raw or qcow2");
      case UnsupportedImageException _ ->
          image("unsupported-image", reason, own, "convert it: qemu-img convert -O qcow2 OLD NEW");
      default -> image("image", reason, own, null);
    };
  }

  private static Problem image(
      String code, String reason, @Nullable String own, @Nullable String otherwise) {
    return new Problem(code, reason, own != null ? own : otherwise, ExitCode.ERROR);
  }

  private static Problem ofFile(IOException e) {
    return switch (e) {
      case NoSuchFileException f ->
          file("no-such-file", f, "no such file or folder", "check the path");
      case AccessDeniedException f ->
          file(
              "access-denied",
              f,
              "permission denied",
              "check the permissions of the file and its folder");
      case FileAlreadyExistsException f ->
          file(
              "file-exists",
              f,
              "the file exists already",
              "choose another name, or remove it first");
      case NotDirectoryException f -> file("not-a-folder", f, "not a folder", "check the path");
      case DirectoryNotEmptyException f -> file("not-empty", f, "the folder is not empty", null);
      case FileSystemException f when f.getReason() != null ->
          file("file-system", f, String.valueOf(f.getReason()), cureOf(f.getReason()));
      default -> new Problem("input-output", text(e), cureOf(text(e)), ExitCode.ERROR);
    };
  }

  private static @Nullable String cureOf(@Nullable String reason) {
    String text = String.valueOf(reason);
    if (text.contains("No space left")) {
      return "free some space on that file system, then try again";
    }
    if (text.contains("Read-only file system")) {
      return "choose a folder that can be written, or mount it read-write";
    }
    return null;
  }

  private static Problem file(
      String code, FileSystemException e, String reason, @Nullable String cure) {
    return new Problem(code, e.getFile() + ": " + reason, cure, ExitCode.ERROR);
  }

  private static String text(Throwable e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
