// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.image.Layer;
import io.varve.image.chain.Chain;
import io.varve.image.storage.FileStorage;
import io.varve.img.debug.DebugRules;
import io.varve.img.debug.DebugStorage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An open image: its chain, and its names as QEMU shows them.
public final class OpenedImage implements Closeable {
  private final Chain chain;
  private final List<Layer> layers;
  private final String formatName;
  private final List<String> names;
  private final FileNode file;
  private final boolean probed;
  private final @Nullable String keySecret;
  private final boolean copyOnRead;

  OpenedImage(
      List<Layer> layers,
      String formatName,
      List<String> names,
      FileNode file,
      boolean probed,
      @Nullable String keySecret,
      boolean copyOnRead) {
    this.copyOnRead = copyOnRead;
    this.chain = Chain.of(layers);
    this.layers = List.copyOf(layers);
    this.formatName = formatName;
    this.names = names;
    this.file = file;
    this.probed = probed;
    this.keySecret = keySecret;
  }

  /// The image over its backing files.
  public Chain chain() {
    return chain;
  }

  /// The image and its backing files, the image first; all are open.
  public List<Layer> layers() {
    return layers;
  }

  /// The image itself, without its backing files.
  public Layer top() {
    return chain.top();
  }

  /// `qcow2`, `raw` and so on.
  public String formatName() {
    return formatName;
  }

  /// True if nobody said the format.
  public boolean probed() {
    return probed;
  }

  /// Id of the secret that opened the topmost layer, null where none was named.
  public @Nullable String keySecret() {
    return keySecret;
  }

  /// True if what is read from a backing file shall stay in the image.
  public boolean copyOnRead() {
    return copyOnRead;
  }

  /// The name for messages and outputs: a file name, or `json:` where a name alone does not say it.
  public String fileName() {
    return names.getFirst();
  }

  /// The names of all layers, as [#fileName()] has the topmost one's.
  public List<String> fileNames() {
    return names;
  }

  /// The file that the topmost layer lies in.
  public Path file() {
    FileStorage real = file.file();
    return real == null ? Path.of(file.fileName()) : real.path();
  }

  /// The rules that a `blkdebug` node between the image and its file goes by, null where there is
  /// none.
  public @Nullable DebugRules debugRules() {
    for (FileNode node = file; node != null; node = node.child()) {
      if (node.storage() instanceof DebugStorage debug) {
        return debug.rules();
      }
    }
    return null;
  }

  /// Flushes what is written and closes every file.
  @Override
  public void close() throws IOException {
    chain.close();
  }
}
