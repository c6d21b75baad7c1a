// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

/// The kind that a user asks for when taking a snapshot.
public enum SnapshotKindChoice {
  /// What the pool is for: storage snapshots on virtual storage, compute snapshots on external.
  AUTO,
  STORAGE,
  COMPUTE
}
