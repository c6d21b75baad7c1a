// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

/// A way into the kernel. Any thread may call.
interface Gate {
  /// Makes the system call of that number and returns what the kernel returns: the result, or the
  /// negated error number. Arguments that the call does not take are ignored.
  long call(long number, long a, long b, long c, long d, long e, long f);
}
