// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.UsageException;

/// Disks are made of whole sectors of 512 bytes.
final class Sectors {
  private static final long SECTOR = 512;

  private Sectors() {}

  /// The size of the smallest disk that holds `bytes`.
  static long roundUp(long bytes) {
    if (bytes > Long.MAX_VALUE - SECTOR) {
      throw new UsageException("a disk of that size cannot be", "choose less than 8 EiB");
    }
    return (bytes + SECTOR - 1) / SECTOR * SECTOR;
  }
}
