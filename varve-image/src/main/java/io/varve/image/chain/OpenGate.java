// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.image.BackingChainException;
import io.varve.image.BackingReference;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/// Decides whether a file that an image names may be opened. Names inside images are hostile until
/// a gate has admitted them: only plain file names pass, never `json:` or `nbd:` and the like.
@FunctionalInterface
public interface OpenGate {
  /// The file to open for `base`, which the layer at `layer` names.
  ///
  /// @throws BackingChainException if it is refused, with the reason
  Path admit(Path layer, BackingReference base) throws IOException;

  /// The file to open as the external data file `name` of the layer at `layer`. Unless a gate says
  /// otherwise, none may be opened.
  ///
  /// @throws BackingChainException if it is refused, with the reason
  default Path admitDataFile(Path layer, String name) throws IOException {
    throw new BackingChainException(
        layer + ": it names the data file '" + name + "', but none may be opened here");
  }

  /// The file to open as the extent `name` of the VMDK at `layer`; where its bases may lie, its
  /// extents may.
  ///
  /// @throws BackingChainException if it is refused, with the reason
  default Path admitExtent(Path layer, String name) throws IOException {
    return admit(layer, new BackingReference(name, null));
  }

  /// Any file on this host. For images whose maker is trusted. A relative name is meant from the
  /// folder of the layer that holds it.
  static OpenGate anyPlainFile() {
    return new OpenGate() {
      @Override
      public Path admit(Path layer, BackingReference base) throws IOException {
        return resolve(layer, base);
      }

      @Override
      public Path admitDataFile(Path layer, String name) throws IOException {
        return dataFile(layer, layer.resolveSibling("."), name);
      }
    };
  }

  /// As this gate, and data files anywhere on this host. A relative name is meant from `folder`:
  /// QEMU takes the folder in which it runs, unlike for backing files.
  default OpenGate withDataFilesFrom(Path folder) {
    OpenGate bases = this;
    return new OpenGate() {
      @Override
      public Path admit(Path layer, BackingReference base) throws IOException {
        return bases.admit(layer, base);
      }

      @Override
      public Path admitDataFile(Path layer, String name) throws IOException {
        return dataFile(layer, folder, name);
      }
    };
  }

  /// The name is that of a file as it stands, whatever it looks like: no prefix means anything.
  private static Path dataFile(Path layer, Path folder, String name) throws BackingChainException {
    try {
      return folder.resolve(name).normalize();
    } catch (InvalidPathException e) {
      throw new BackingChainException(
          layer + ": the data file name is not a path: " + e.getReason(), e);
    }
  }

  /// Refuses every base: the image must stand alone.
  static OpenGate closed() {
    return (layer, base) -> {
      throw new BackingChainException(
          layer + ": it names the backing file '" + base.name() + "', but none may be opened here");
    };
  }

  /// Refuses every base, and admits as extents of a VMDK files of its own folder alone, named
  /// without a path, symbolic links resolved.
  static OpenGate extentsBeside() {
    OpenGate closed = closed();
    return new OpenGate() {
      @Override
      public Path admit(Path layer, BackingReference base) throws IOException {
        return closed.admit(layer, base);
      }

      @Override
      public Path admitExtent(Path layer, String name) throws IOException {
        if (name.indexOf('/') >= 0 || name.indexOf(':') >= 0) {
          throw new BackingChainException(
              "%s: the extent '%s' is named with a path, and only files beside the image may be"
                      .formatted(layer, name)
                  + " opened; put it there and name it alone");
        }
        Path folder = layer.toAbsolutePath().getParent();
        return confinedTo(List.of(folder)).admit(layer, new BackingReference(name, null));
      }
    };
  }

  /// Files below one of these folders only, symbolic links resolved.
  static OpenGate confinedTo(List<Path> roots) {
    List<Path> allowed = List.copyOf(roots);
    return (layer, base) -> {
      Path target = resolve(layer, base);
      Path real;
      try {
        real = target.toRealPath();
      } catch (IOException _) {
        throw missing(layer, base, target);
      }
      for (Path root : allowed) {
        if (real.startsWith(root.toRealPath())) {
          return target;
        }
      }
      throw new BackingChainException(
          "%s: the backing file '%s' lies outside of %s, where files named by an image may be opened"
              .formatted(layer, base.name(), allowed));
    };
  }

  /// A relative name is meant from the folder of the layer that holds it.
  private static Path resolve(Path layer, BackingReference base) throws BackingChainException {
    String name = base.name();
    int colon = name.indexOf(':');
    int slash = name.indexOf('/');
    if (colon > 0 && (slash < 0 || colon < slash)) {
      throw new BackingChainException(
          "%s: the backing file '%s' is not a plain file name (it has a protocol prefix), which is"
                  .formatted(layer, name)
              + " refused; name the file by its path, './"
              + name
              + "' if the colon belongs to it");
    }
    try {
      return layer.resolveSibling(name).normalize();
    } catch (InvalidPathException e) {
      throw new BackingChainException(
          layer + ": the backing file name is not a path: " + e.getReason(), e);
    }
  }

  private static BackingChainException missing(Path layer, BackingReference base, Path target) {
    return new BackingChainException(
        "%s: the backing file '%s' is missing, looked at %s; put it back, or name the right one with"
                .formatted(layer, base.name(), target)
            + " a rebase");
  }
}
