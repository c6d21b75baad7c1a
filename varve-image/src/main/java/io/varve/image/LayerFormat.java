// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

/// The format of one layer. It is declared by whoever names the file, never guessed.
public enum LayerFormat {
  QCOW2("qcow2", true),
  RAW("raw", true),
  /// Read only, like those that follow.
  VMDK("vmdk", false),
  /// VHD; QEMU calls it after Virtual PC.
  VPC("vpc", false),
  VHDX("vhdx", false),
  VDI("vdi", false);

  private final String id;
  private final boolean writable;

  LayerFormat(String id, boolean writable) {
    this.id = id;
    this.writable = writable;
  }

  /// True if Varve writes this format, and does not only read it.
  public boolean writable() {
    return writable;
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
        "image format '"
            + id
            + "' is not supported, expected qcow2 or raw, or to read from: vmdk, vpc, vhdx, vdi");
  }
}
