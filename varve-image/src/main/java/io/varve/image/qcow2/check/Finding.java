// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

/// One thing that a check has to say, in QEMU's words where QEMU has some.
public record Finding(Kind kind, String text) {
  /// How bad it is.
  public enum Kind {
    /// Clusters that nothing refers to: space is lost, data is not.
    LEAK,
    /// Data is lost or in danger.
    CORRUPTION,
    /// A part of the image could not be checked.
    ERROR
  }

  @Override
  public String toString() {
    return kind + " " + text;
  }
}
