// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.image.storage.Storage;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;
import io.varve.img.create.OptionValues;
import io.varve.img.debug.DebugOptions;
import io.varve.img.debug.DebugStorage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Opens what is no file: `null-co` and `null-aio`, and `blkdebug` before a file.
final class ProtocolOpener {
  private static final String DEBUG = "blkdebug:";
  private static final long NULL_SIZE = 1 << 30;
  private static final int MAX_CONFIG = 1 << 20;

  private final Console console;
  private final FileOpener files;

  ProtocolOpener(Console console, FileOpener files) {
    this.console = console;
    this.files = files;
  }

  /// The driver that a file name means by itself; null where it is a file.
  static @Nullable String driverOf(String fileName) {
    if (fileName.startsWith(DEBUG)) {
      return "blkdebug";
    }
    if (fileName.startsWith("null-co:")) {
      return "null-co";
    }
    return fileName.startsWith("null-aio:") ? "null-aio" : null;
  }

  static boolean knows(String driver) {
    return FileNode.isNull(driver) || driver.equals("blkdebug");
  }

  FileNode open(String driver, @Nullable String fileName, OptionTree options) throws ImgException {
    return FileNode.isNull(driver)
        ? openNull(driver, fileName, options)
        : openDebug(fileName, options);
  }

  private static FileNode openNull(String driver, @Nullable String fileName, OptionTree options)
      throws ImgException {
    String only = driver + "://";
    if (fileName != null && !fileName.equals(only)) {
      throw new ImgException("The only allowed filename for this driver is '" + only + "'");
    }
    GenericOptions.take(options);
    Map<String, Object> telling = new LinkedHashMap<>(options.entries());
    String latency = options.take("latency-ns");
    if (latency != null && latency.startsWith("-")) {
      throw new ImgException("latency-ns is invalid");
    }
    String size = options.take("size");
    long bytes = size == null ? NULL_SIZE : OptionValues.size("size", size);
    options.takeSwitch("read-zeroes", false);
    requireNothingLeft(driver, options);
    NodeName name =
        telling.isEmpty() ? NodeName.ofFile(driver, only) : NodeName.ofOptions(driver, telling);
    return new FileNode(driver, only, null, new NullStorage(bytes), name, null);
  }

  private FileNode openDebug(@Nullable String fileName, OptionTree options) throws ImgException {
    GenericOptions.take(options);
    String image = null;
    if (fileName != null) {
      int colon = fileName.indexOf(':', DEBUG.length());
      if (colon < 0) {
        throw new ImgException("blkdebug requires both config file and image path");
      }
      image = fileName.substring(colon + 1);
      if (colon > DEBUG.length()) {
        options.put("config", fileName.substring(DEBUG.length(), colon));
      }
    } else if (options.has("x-image")) {
      image = options.take("x-image");
    }
    OptionTree imageOptions = options.takeBranch("image");
    Map<String, Object> telling = new LinkedHashMap<>(options.entries());
    String config = options.take("config");
    DebugOptions rules = DebugOptions.take(options, config == null ? List.of() : lines(config));
    if (image == null && imageOptions.isEmpty()) {
      throw new ImgException("A block device must be specified for \"image\"");
    }
    FileNode inner = files.open(image, imageOptions);
    try {
      requireNothingLeft("blkdebug", options);
    } catch (ImgException e) {
      close(inner.storage());
      throw e;
    }
    DebugStorage storage =
        rules.over(
            inner.storage(),
            text -> {
              console.out().print(text);
              console.out().flush();
            });
    NodeName name = NodeName.ofDebug(telling, config, inner.name());
    return new FileNode("blkdebug", inner.fileName(), inner.file(), storage, name, inner);
  }

  private List<String> lines(String config) throws ImgException {
    Path path = console.resolve(config);
    try {
      if (Files.size(path) > MAX_CONFIG) {
        throw new ImgException("Could not read blkdebug config file: File too large");
      }
      String text = Files.readString(path, StandardCharsets.UTF_8);
      return text.lines().toList();
    } catch (IOException e) {
      throw new ImgException("Could not read blkdebug config file: " + Failures.reason(e));
    }
  }

  private static void close(Storage storage) {
    try {
      storage.close();
    } catch (IOException _) {
      // The failure that made us close is the one to tell about.
    }
  }

  private static void requireNothingLeft(String driver, OptionTree options) throws ImgException {
    String left = options.firstKey();
    if (left != null) {
      throw new ImgException(
          "Block protocol '" + driver + "' doesn't support the option '" + left + "'");
    }
  }
}
