// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

/// Hears how far a long verb is. Called from the thread of the verb and from its workers, one call
/// at a time.
@FunctionalInterface
public interface ProgressListener {
  ProgressListener NONE = (_, _, _) -> {};

  /// @param phase what is being done, such as `copy`, `merge`, `import`, `export`; a new phase
  ///   starts from zero again
  /// @param doneBytes so far
  /// @param totalBytes in all; 0 where it is not known
  /// @throws java.util.concurrent.CancellationException to stop the verb
  void progress(String phase, long doneBytes, long totalBytes);
}
