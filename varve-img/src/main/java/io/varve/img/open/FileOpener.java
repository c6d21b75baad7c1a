// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.image.ImageInUseException;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;
import io.varve.img.create.ImageFormats;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Opens the file of an image by the options of QEMU's `file` driver.
final class FileOpener {
  private final Console console;
  private final boolean writable;
  private final boolean forceShare;

  FileOpener(Console console, boolean writable, boolean forceShare) {
    this.console = console;
    this.writable = writable;
    this.forceShare = forceShare;
  }

  /// @param fileName as the user gave it, with its protocol; null where the options have it
  FileNode open(@Nullable String fileName, OptionTree options) throws ImgException {
    String driver = options.take("driver");
    if (driver == null && fileName != null) {
      driver = ProtocolOpener.driverOf(fileName);
    }
    if (driver != null && ProtocolOpener.knows(driver)) {
      return new ProtocolOpener(console, this).open(driver, fileName, options);
    }
    if (driver == null || driver.equals("file") || driver.equals("host_device")) {
      return openFile(fileName, driver, options);
    }
    if (driver.equals("raw")) {
      FileNode inner = open(fileName, options.takeBranch("file"));
      return RawOptions.cut(inner, options);
    }
    throw ImageFormats.isKnown(driver)
        ? new ImgException("driver '" + driver + "' is not supported by Varve here")
        : new ImgException("Unknown driver '" + driver + "'");
  }

  private FileNode openFile(@Nullable String fileName, @Nullable String driver, OptionTree options)
      throws ImgException {
    String name = options.take("filename");
    if (name != null && fileName != null) {
      throw new ImgException("Can't specify 'file' and 'filename' options at the same time");
    }
    if (name == null) {
      if (fileName == null) {
        throw new ImgException(
            driver == null
                ? "Must specify either driver or file"
                : "The '" + driver + "' block driver requires a file name");
      }
      name = Protocols.plainName(fileName);
    }
    if (name.isEmpty()) {
      throw new ImgException("The 'file' block driver requires a file name");
    }
    GenericOptions generic = GenericOptions.take(options);
    boolean locked = takeLocking(options);
    requireWord(options, "aio", "threads", "native", "io_uring");
    options.takeSwitch("drop-cache", true);
    options.takeSwitch("x-check-cache-dropped", false);
    options.take("pr-manager");
    options.take("aio-max-batch");
    String left = options.firstKey();
    if (left != null) {
      throw new ImgException("Block protocol 'file' doesn't support the option '" + left + "'");
    }
    boolean write = writable && !generic.readOnly();
    if (write && generic.forceShare()) {
      throw new ImgException("force-share=on can only be used with read-only images");
    }
    LockMode lock =
        !locked
            ? LockMode.NONE
            : forceShare || generic.forceShare()
                ? LockMode.FORCE_SHARE
                : write ? LockMode.WRITER : LockMode.SHARED_READER;
    FileStorage file = open(name, write, lock);
    String shown =
        driver != null ? driver : file.capabilities().fixedSize() ? "host_device" : "file";
    return new FileNode(shown, name, file, file, NodeName.ofFile(shown, name), null);
  }

  private static boolean takeLocking(OptionTree options) throws ImgException {
    String value = options.take("locking");
    if (value == null) {
      return true;
    }
    return switch (value) {
      case "on", "auto" -> true;
      case "off" -> false;
      default -> throw new ImgException("invalid parameter value: " + value);
    };
  }

  private static void requireWord(OptionTree options, String key, String... words)
      throws ImgException {
    String value = options.take(key);
    if (value == null) {
      return;
    }
    for (String word : words) {
      if (word.equals(value)) {
        return;
      }
    }
    throw new ImgException("invalid parameter value: " + value);
  }

  private FileStorage open(String name, boolean write, LockMode lock) throws ImgException {
    Path path = console.resolve(name);
    try {
      return FileStorage.open(path, write ? FileAccess.READ_WRITE : FileAccess.READ_ONLY, lock);
    } catch (ImageInUseException e) {
      throw Failures.inUse(e, name);
    } catch (IOException e) {
      if (write && Files.isDirectory(path)) {
        throw new ImgException("Could not open '" + name + "': Is a directory");
      }
      if (e instanceof FileSystemException && Files.exists(path) && !isUsable(path)) {
        throw new ImgException("'file' driver requires '" + name + "' to be a regular file");
      }
      throw new ImgException("Could not open '" + name + "': " + Failures.reason(e));
    }
  }

  private static boolean isUsable(Path path) {
    return Files.isRegularFile(path) || path.startsWith("/dev");
  }
}
