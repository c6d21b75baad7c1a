// SPDX-License-Identifier: Apache-2.0

/// Images: qcow2 and raw layers, chains of them, and the operations on them.
@org.jspecify.annotations.NullMarked
module io.varve.image {
  requires static transitive org.jspecify;
  requires transitive io.varve.ffi;
  requires com.github.luben.zstd_jni;
  requires static org.bouncycastle.provider;

  exports io.varve.image.chain;
  exports io.varve.image.diff;
  exports io.varve.image.chain.map;
  exports io.varve.image.chain.side;
  exports io.varve.image.foreign;
  exports io.varve.image.op;
  exports io.varve.image.qcow2.bitmap;
  exports io.varve.image.qcow2.check;
  exports io.varve.image.qcow2.compress;
  exports io.varve.image.qcow2.crypto;
  exports io.varve.image.qcow2.format;
  exports io.varve.image.qcow2;
  exports io.varve.image.raw;
  exports io.varve.image.storage;
  exports io.varve.image;
}
