// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

/// What a storage was asked for, counted up to a moment.
///
/// @param reads calls
/// @param readBytes bytes that they asked for
/// @param writes calls, zeroes among them
/// @param writeBytes bytes that they wrote; a zero counts in full, because the store may write it
///   out
/// @param flushes calls
/// @param punches calls that gave space back
/// @param punchedBytes bytes that they gave back
public record IoCounts(
    long reads,
    long readBytes,
    long writes,
    long writeBytes,
    long flushes,
    long punches,
    long punchedBytes) {
  public static final IoCounts NONE = new IoCounts(0, 0, 0, 0, 0, 0, 0);

  public IoCounts plus(IoCounts more) {
    return new IoCounts(
        reads + more.reads,
        readBytes + more.readBytes,
        writes + more.writes,
        writeBytes + more.writeBytes,
        flushes + more.flushes,
        punches + more.punches,
        punchedBytes + more.punchedBytes);
  }

  /// What came after `earlier`.
  public IoCounts minus(IoCounts earlier) {
    return new IoCounts(
        reads - earlier.reads,
        readBytes - earlier.readBytes,
        writes - earlier.writes,
        writeBytes - earlier.writeBytes,
        flushes - earlier.flushes,
        punches - earlier.punches,
        punchedBytes - earlier.punchedBytes);
  }
}
