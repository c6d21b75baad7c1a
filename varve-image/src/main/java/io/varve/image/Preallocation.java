// SPDX-License-Identifier: Apache-2.0
package io.varve.image;

/// What is set aside for guest data that nobody has written yet, when an image is created or grown.
public enum Preallocation {
  /// Nothing.
  OFF("off"),
  /// qcow2: a place in the index and in the refcounts; the file stays sparse.
  METADATA("metadata"),
  /// Space of the file system, reserved without writing where it can.
  FALLOC("falloc"),
  /// Space of the file system, by writing zeros.
  FULL("full");

  private final String id;

  Preallocation(String id) {
    this.id = id;
  }

  /// The name that `qemu-img -o preallocation=` takes.
  public String id() {
    return id;
  }

  /// The file system spends space on it.
  public boolean reservesSpace() {
    return this == FALLOC || this == FULL;
  }
}
