// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What was taken into a pool, or would be.
///
/// @param files bases before what stands on them
/// @param notes what is worth knowing
/// @param done false if nothing was changed
public record AdoptReport(String pool, List<File> files, List<String> notes, boolean done) {

  /// One file of a chain.
  ///
  /// @param from where it was
  /// @param to where it is in the pool
  /// @param disk that it belongs to
  /// @param snapshot that it is, null for the file that takes the disk's writes
  /// @param base the file beneath, as it was called, or null
  public record File(
      Path from, Path to, String disk, @Nullable String snapshot, @Nullable Path base) {}
}
