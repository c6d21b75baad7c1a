// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

import io.varve.image.storage.Storage;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Where side files lie: a folder, or memory in tests.
interface SideStores {
  /// The file of that name, or null if there is none.
  @Nullable Storage open(String name, boolean write) throws IOException;

  /// A new, empty file in place of whatever has the name.
  Storage create(String name) throws IOException;

  void rename(String from, String to) throws IOException;

  void delete(String name) throws IOException;

  /// Deletes what an interrupted writer left of a family, apart from these two files.
  void sweep(String family, String records, String pages) throws IOException;
}
