// SPDX-License-Identifier: Apache-2.0

/// The front ends that speak `qemu-img` and `qemu-io`.
@org.jspecify.annotations.NullMarked
module io.varve.img {
  requires static transitive org.jspecify;
  requires io.varve.image;

  exports io.varve.img;
}
