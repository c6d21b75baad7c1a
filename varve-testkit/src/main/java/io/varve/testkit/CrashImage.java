// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

/// What a crash may have left of a file.
///
/// @param point when the crash came
/// @param fate what became of the changes that were not flushed, for messages
/// @param bytes the file; fork it to use it twice
public record CrashImage(CrashPoint point, String fate, SparseBytes bytes) {
  @Override
  public String toString() {
    return "crash at " + point + ", unflushed changes " + fate;
  }
}
