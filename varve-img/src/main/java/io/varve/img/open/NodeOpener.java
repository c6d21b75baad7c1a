// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Opens the file of one image and finds out its format; the format itself stays closed.
final class NodeOpener {
  private final Console console;
  private final boolean forceShare;

  NodeOpener(Console console, boolean forceShare) {
    this.console = console;
    this.forceShare = forceShare;
  }

  /// An image whose file is open and whose format is known.
  ///
  /// @param driver the format; `file` where the options name no format at all
  /// @param probed nobody said the format
  /// @param options what is left for the format
  /// @param noBacking the options say that it has no backing file
  /// @param generic options that all drivers share
  record FoundNode(
      String driver,
      boolean probed,
      FileNode file,
      OptionTree options,
      GenericOptions generic,
      boolean noBacking,
      boolean writable) {
    void close() {
      try {
        file.storage().close();
      } catch (IOException _) {
        // The failure that made us close is the one to tell about.
      }
    }
  }

  /// @param writable changes are wanted
  FoundNode find(NodeRequest request, boolean writable) throws ImgException {
    OptionTree options = request.options();
    if (options.has("driver") && options.get("driver") == null) {
      options.take("driver");
    }
    String driver = options.take("driver");
    if (driver != null && driver.equals("copy-on-read") && !writable) {
      throw new ImgException("Block node is read-only");
    }
    requireKnown(driver);
    if (writable && forceShare) {
      throw new ImgException("force-share=on can only be used with read-only images");
    }
    if (driver != null && isProtocol(driver)) {
      options.put("driver", driver);
      FileNode file =
          new FileOpener(console, writable, forceShare).open(request.fileName(), options);
      return new FoundNode(
          driver, false, file, new OptionTree(), GenericOptions.take(options), true, writable);
    }
    GenericOptions generic = GenericOptions.take(options);
    boolean noBacking = takeNoBacking(options);
    boolean write = writable && !generic.readOnly();
    if (write && generic.forceShare()) {
      throw new ImgException("force-share=on can only be used with read-only images");
    }
    OptionTree fileOptions = options.takeBranch("file");
    String reference = options.take("file");
    if (reference != null) {
      throw new ImgException(
          "Cannot find device='" + reference + "' nor node-name='" + reference + "'");
    }
    if (request.fileName() == null && fileOptions.isEmpty()) {
      throw new ImgException(
          driver == null
              ? "Must specify either driver or file"
              : "A block device must be specified for \"file\"");
    }
    FileNode file =
        new FileOpener(console, write, forceShare || generic.forceShare())
            .open(request.fileName(), fileOptions);
    FoundNode found =
        new FoundNode(
            driver == null ? "raw" : driver,
            driver == null,
            file,
            options,
            generic,
            noBacking,
            write);
    return driver == null ? probe(found) : found;
  }

  private boolean takeNoBacking(OptionTree options) {
    if (options.isNull("backing")) {
      options.take("backing");
      return true;
    }
    if ("".equals(options.get("backing"))) {
      options.take("backing");
      console.warning("Use of \"backing\": \"\" is deprecated; use \"backing\": null instead");
      return true;
    }
    return false;
  }

  private static FoundNode probe(FoundNode node) throws ImgException {
    try {
      String driver = Probe.format(node.file.storage());
      return new FoundNode(
          driver, true, node.file, node.options, node.generic, node.noBacking, node.writable);
    } catch (IOException e) {
      node.close();
      throw new ImgException(
          "Could not read image for determining its format: " + Failures.reason(e));
    }
  }

  static boolean isProtocol(String driver) {
    return driver.equals("file") || driver.equals("host_device") || ProtocolOpener.knows(driver);
  }

  private static void requireKnown(@Nullable String driver) throws ImgException {
    if (driver == null) {
      return;
    }
    switch (driver) {
      case "raw", "qcow2", "file", "host_device", "vmdk", "vpc", "vhdx", "vdi" -> {}
      case "null-co", "null-aio", "blkdebug" -> {}
      case "qcow", "qed", "parallels", "luks", "dmg", "bochs", "cloop" ->
          throw new ImgException("image format '" + driver + "' is not supported by Varve");
      default -> {
        if (io.varve.img.create.ImageFormats.isKnown(driver)) {
          throw new ImgException("driver '" + driver + "' is not supported by Varve yet");
        }
        throw new ImgException("Unknown driver '" + driver + "'");
      }
    }
  }
}
