// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

/// Who counts when a pool's hosts need a majority for shared metadata.
public enum QuorumProfile {
  /// Hosts and witnesses count.
  QUORUM,
  /// Hosts only.
  STRICT
}
