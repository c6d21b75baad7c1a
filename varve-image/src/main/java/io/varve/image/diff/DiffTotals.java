// SPDX-License-Identifier: Apache-2.0
package io.varve.image.diff;

/// How much a difference holds.
///
/// @param ranges how many, neighbours of one kind joined
/// @param dataBytes in ranges of data
/// @param zeroBytes in ranges that read as zero
public record DiffTotals(long ranges, long dataBytes, long zeroBytes) {
  public long bytes() {
    return dataBytes + zeroBytes;
  }
}
