// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.image.Layer;
import io.varve.image.chain.Chain;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/// An open image: its chain, and its names as QEMU shows them.
public final class OpenedImage implements Closeable {
  private final Chain chain;
  private final String formatName;
  private final String fileName;
  private final Path file;

  OpenedImage(Chain chain, String formatName, String fileName, Path file) {
    this.chain = chain;
    this.formatName = formatName;
    this.fileName = fileName;
    this.file = file;
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

  /// The name for messages and outputs: a file name, or `json:` where a name alone does not say it.
  public String fileName() {
    return fileName;
  }

  /// The file that the topmost layer lies in.
  public Path file() {
    return file;
  }

  /// Flushes what is written and closes every file.
  @Override
  public void close() throws IOException {
    chain.close();
  }
}
