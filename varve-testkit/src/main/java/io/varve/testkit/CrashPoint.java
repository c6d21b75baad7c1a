// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

/// A moment in the life of a [CrashStorage].
///
/// @param epoch how many flushes that had something to flush came before
/// @param change how many changes were made since the last of them
public record CrashPoint(int epoch, int change) implements Comparable<CrashPoint> {
  public static final CrashPoint START = new CrashPoint(0, 0);

  @Override
  public int compareTo(CrashPoint other) {
    return epoch != other.epoch
        ? Integer.compare(epoch, other.epoch)
        : Integer.compare(change, other.change);
  }

  @Override
  public String toString() {
    return "flush " + epoch + ", change " + change;
  }
}
