// SPDX-License-Identifier: Apache-2.0

/// The system calls of Linux: the one module with restricted methods.
@org.jspecify.annotations.NullMarked
module io.varve.ffi {
  requires static transitive org.jspecify;

  exports io.varve.ffi;
}
