// SPDX-License-Identifier: Apache-2.0
package io.varve.img.command;

import io.varve.image.storage.FileStorage;
import io.varve.image.storage.Storage;
import io.varve.img.open.OpenedImage;
import org.jspecify.annotations.Nullable;

/// The cache mode `unsafe`: who is cut short throws the file away, so that nothing waits for disks.
final class Unflushed {
  private Unflushed() {}

  static void ignoreFlushes(OpenedImage image) {
    ignoreFlushes(image.top().storage());
    ignoreFlushes(image.top().mappedStorage());
  }

  private static void ignoreFlushes(@Nullable Storage storage) {
    if (storage instanceof FileStorage file) {
      file.ignoreFlushes();
    }
  }
}
