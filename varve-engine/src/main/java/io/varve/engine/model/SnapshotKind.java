// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

/// Where a snapshot lives.
public enum SnapshotKind {
  /// A layer file of its own, frozen (redirect on write).
  STORAGE,
  /// Inside the one qcow2 file (copy on write).
  COMPUTE
}
