// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

/// How far a repair goes.
public enum RepairMode {
  /// Gives leaked clusters back; touches nothing else.
  LEAKS,
  /// Everything that can be repaired without guessing.
  ALL
}
