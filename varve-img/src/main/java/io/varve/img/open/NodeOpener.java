// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.image.BackingReference;
import io.varve.image.ImageInUseException;
import io.varve.image.Layer;
import io.varve.image.chain.Chain;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.raw.RawLayer;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileKey;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.img.Console;
import io.varve.img.ImgException;
import io.varve.img.args.OptionTree;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Opens one image and what lies beneath it: options first, then the file, then the format, then
/// the backing file.
final class NodeOpener {
  private static final int MAX_DEPTH = 1024;

  private final Console console;
  private final OpenHow how;
  private final List<Layer> layers = new ArrayList<>();
  private final Set<FileKey> seen = new HashSet<>();

  NodeOpener(Console console, OpenHow how) {
    this.console = console;
    this.how = how;
  }

  OpenedImage open(ImageSpec spec) throws ImgException {
    return open(NodeRequest.of(spec));
  }

  OpenedImage open(NodeRequest top) throws ImgException {
    try {
      Node node = openNode(top, how.writable());
      openBacking(node);
      return new OpenedImage(Chain.of(layers), node.format, node.fileName, node.path);
    } catch (ImgException e) {
      closeAll();
      throw e;
    }
  }

  /// What is known of a file once its format is open.
  private record Node(String format, String fileName, Path path, Layer layer, OptionTree options) {}

  private Node openNode(NodeRequest request, boolean writable) throws ImgException {
    OptionTree options = request.options();
    String fileName = request.fileName();
    String format = options.take("driver");
    OptionTree fileOptions = options.takeBranch("file");
    String name = fileName != null ? Protocols.plainName(fileName) : fileOptions.take("filename");
    if (name == null) {
      throw new ImgException("A block device must be specified for \"file\"");
    }
    if (name.isEmpty()) {
      throw new ImgException("The 'file' block driver requires a file name");
    }
    Path path = console.resolve(name);
    FileStorage storage = openFile(name, path, writable, fileOptions);
    try {
      if (format == null) {
        format = Probe.format(storage);
      }
      requireNoLoop(storage);
      Layer layer = openFormat(format, storage, writable);
      layers.add(layer);
      return new Node(format, name, path, layer, options);
    } catch (IOException e) {
      close(storage);
      throw new ImgException(Failures.reason(e));
    } catch (ImgException e) {
      close(storage);
      throw e;
    }
  }

  private FileStorage openFile(String name, Path path, boolean writable, OptionTree options)
      throws ImgException {
    LockMode lock =
        how.forceShare()
            ? LockMode.FORCE_SHARE
            : writable ? LockMode.WRITER : LockMode.SHARED_READER;
    String locking = options.take("locking");
    if ("off".equals(locking)) {
      lock = LockMode.NONE;
    }
    try {
      return FileStorage.open(path, writable ? FileAccess.READ_WRITE : FileAccess.READ_ONLY, lock);
    } catch (ImageInUseException e) {
      throw Failures.inUse(e, name);
    } catch (IOException e) {
      throw new ImgException("Could not open '" + name + "': " + Failures.reason(e));
    }
  }

  private void requireNoLoop(FileStorage storage) throws ImgException {
    if (layers.size() >= MAX_DEPTH) {
      throw new ImgException("The backing chain has more than " + MAX_DEPTH + " files");
    }
    if (!seen.add(storage.fileKey())) {
      throw new ImgException("The backing chain loops: '" + storage.name() + "' lies above itself");
    }
  }

  private static Layer openFormat(String format, FileStorage storage, boolean writable)
      throws ImgException, IOException {
    return switch (format) {
      case "raw" -> RawLayer.open(storage, writable);
      case "qcow2" -> {
        storage.adviseRandom();
        yield Qcow2Layer.open(
            storage, writable ? Qcow2Options.readWrite() : Qcow2Options.readOnly());
      }
      default -> throw new ImgException("Unknown driver '" + format + "'");
    };
  }

  private void openBacking(Node top) throws ImgException {
    Node node = top;
    boolean follow = !how.noBacking();
    String prefix = "";
    while (follow) {
      OptionTree options = node.options.takeBranch("backing");
      boolean none = node.options.isNull("backing");
      node.options.take("backing");
      NodeRequest request = none ? null : backingOf(node, options);
      if (request == null) {
        return;
      }
      prefix += "Could not open backing file: ";
      try {
        node = openNode(request, false);
      } catch (ImgException e) {
        throw new ImgException(prefix + e.text());
      }
    }
  }

  private @Nullable NodeRequest backingOf(Node node, OptionTree options) throws ImgException {
    Optional<BackingReference> backing = node.layer.backing();
    if (!options.isEmpty()) {
      return new NodeRequest(null, options);
    }
    if (backing.isEmpty()) {
      return null;
    }
    String name = backing.get().name();
    String format = backing.get().format();
    if (format != null) {
      options.put("driver", format);
    }
    String full = BackingNames.full(node.fileName, name);
    return new NodeRequest(full, options);
  }

  private void closeAll() {
    for (Layer layer : layers) {
      try {
        layer.close();
      } catch (IOException _) {
        // The failure that made us close is the one to tell about.
      }
    }
  }

  private static void close(FileStorage storage) {
    try {
      storage.close();
    } catch (IOException _) {
      // As above.
    }
  }
}
