// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.qcow2.format.Header;

/// How an image encodes compressed clusters (spec: "Header", byte 104).
public enum Compression {
  /// Raw deflate; every reader knows it.
  ZLIB("zlib", Header.COMPRESSION_ZLIB),
  /// Zstandard: several times quicker; QEMU reads it since 5.1.
  ZSTD("zstd", Header.COMPRESSION_ZSTD);

  private final String id;
  private final int type;

  Compression(String id, int type) {
    this.id = id;
    this.type = type;
  }

  /// The name that `qemu-img -o compression_type=` takes.
  public String id() {
    return id;
  }

  int type() {
    return type;
  }
}
