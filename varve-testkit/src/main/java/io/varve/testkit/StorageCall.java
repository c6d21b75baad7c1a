// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

/// The calls of a storage that can fail.
public enum StorageCall {
  SIZE,
  READ,
  WRITE,
  FLUSH,
  TRUNCATE,
  PUNCH,
  ZERO,
  NEXT_DATA,
  ALLOCATED_BYTES;

  boolean needsSpace() {
    return this == WRITE || this == ZERO || this == TRUNCATE;
  }
}
