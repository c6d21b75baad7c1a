// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

/// One thing that a check has to say.
///
/// @param text the line that `qemu-img check` prints, where QEMU has one
/// @param named QEMU's tool puts its own name in front of the line
public record Finding(Kind kind, String text, boolean named) {
  /// How bad it is.
  public enum Kind {
    /// Clusters that nothing refers to: space is lost, data is not.
    LEAK,
    /// Data is lost or in danger.
    CORRUPTION,
    /// A part of the image could not be checked.
    ERROR,
    /// Something was wrong and has been mended.
    REPAIR
  }

  public Finding(Kind kind, String text) {
    this(kind, text, false);
  }

  @Override
  public String toString() {
    return text;
  }
}
