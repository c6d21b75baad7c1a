// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.metadata;

/// When a changed metadata block may reach the disk; see [FlushOrder].
public enum WriteStage {
  /// Refcount blocks and tables that nothing on disk refers to yet: before the first barrier.
  BEFORE_REFERENCES,
  /// Tables that are live on disk: after the barrier that made data and counts durable.
  REFERENCES
}
