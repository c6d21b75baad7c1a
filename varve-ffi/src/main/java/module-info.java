// SPDX-License-Identifier: Apache-2.0

/// Linux through the foreign function and memory API: the one module with restricted calls.
@org.jspecify.annotations.NullMarked
module io.varve.ffi {
  requires static transitive org.jspecify;

  exports io.varve.ffi;
}
