// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

/// The format of one layer. It is declared by whoever names the file, never guessed.
public enum LayerFormat {
  QCOW2("qcow2"),
  RAW("raw");

  private final String id;

  LayerFormat(String id) {
    this.id = id;
  }

  /// The name as qcow2's backing format extension and the command line spell it.
  public String id() {
    return id;
  }

  /// The format of that name.
  ///
  /// @throws UnsupportedImageException for any other name
  public static LayerFormat of(String id) throws UnsupportedImageException {
    for (LayerFormat format : values()) {
      if (format.id.equals(id)) {
        return format;
      }
    }
    throw new UnsupportedImageException(
        "image format '" + id + "' is not supported, expected qcow2 or raw");
  }
}
