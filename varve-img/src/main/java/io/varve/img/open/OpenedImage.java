// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.image.Layer;
import io.varve.image.chain.Chain;
import io.varve.image.storage.FileStorage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// An open image: its chain, and its names as QEMU shows them.
public final class OpenedImage implements Closeable {
  private final Chain chain;
  private final String formatName;
  private final List<String> names;
  private final FileStorage file;
  private final boolean probed;

  OpenedImage(
      Chain chain, String formatName, List<String> names, FileStorage file, boolean probed) {
    this.chain = chain;
    this.formatName = formatName;
    this.names = names;
    this.file = file;
    this.probed = probed;
  }

  /// The image over its backing files.
  public Chain chain() {
    return chain;
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
    return file.path();
  }

  /// Flushes what is written and closes every file.
  @Override
  public void close() throws IOException {
    chain.close();
  }
}
