// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.map;

import io.varve.image.LayerFormat;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Knows chains without walking them: the side files of a folder. Asked once when a chain is
/// opened, with the file that the active layer names as its base (after the gate has admitted it).
///
/// **Threads.** Any, at the same time.
@FunctionalInterface
public interface FrozenSource {
  /// Knows nothing: every chain is walked.
  FrozenSource NONE = (newest, format) -> null;

  /// The layers from `newest` down to the root with their map, or null where nothing is kept or
  /// what is kept does not fit the files: every binding has been compared with its file by now.
  /// What cannot be read or is damaged is the same as nothing, and no error.
  @Nullable FrozenMap find(Path newest, LayerFormat format) throws IOException;
}
