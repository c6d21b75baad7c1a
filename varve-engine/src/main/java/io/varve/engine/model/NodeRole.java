// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

/// What a node of a disk's tree is.
public enum NodeRole {
  /// Takes the writes: a disk as it is now.
  ACTIVE,
  /// A snapshot: frozen, with a name.
  SNAPSHOT,
  /// Frozen and deleted by name; kept because more than one node, or a clone, reads it.
  RETIRED
}
