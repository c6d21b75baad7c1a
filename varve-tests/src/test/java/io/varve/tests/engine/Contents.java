// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.engine;

import io.varve.testkit.ReferenceDisk;
import io.varve.testkit.Stamp;
import java.util.SplittableRandom;

/// What images hold that come from elsewhere.
final class Contents {
  private static final int PIECES = 6;
  private static final int LONGEST = 150_000;
  private static final int SECTOR = 512;

  private Contents() {}

  /// Some data between holes, the same for the same arguments.
  static ReferenceDisk random(long size, long number) {
    ReferenceDisk disk = new ReferenceDisk(size);
    SplittableRandom random = new SplittableRandom(number);
    for (int i = 0; i < PIECES; i++) {
      long at = random.nextLong(size / SECTOR) * SECTOR;
      int length = (int) Math.min(random.nextInt(1, LONGEST), size - at);
      disk.write(at, Stamp.data(at, length, number * 100 + i));
    }
    return disk;
  }
}
