// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import org.jspecify.annotations.Nullable;

/// Enters the kernel through a library of a few instructions ([ShimLibrary]) that the launchers of
/// the short commands name in the system property `varve.shim`.
///
/// It does exactly what [LinkerGate] does. It exists because its first call takes a fraction of a
/// millisecond, and a command that reads one header should not spend most of its time linking.
final class ShimGate implements Gate {
  static final String PROPERTY = "varve.shim";

  private final int getpid;

  private ShimGate(Platform platform) {
    this.getpid = SystemCall.GETPID.number(platform);
  }

  /// The gate, or null where no library is named or the one that is named does not work here.
  static @Nullable ShimGate find(Platform platform) {
    String library = System.getProperty(PROPERTY);
    if (library == null) {
      return null;
    }
    try {
      System.load(library);
      ShimGate gate = new ShimGate(platform);
      return gate.works() ? gate : null;
    } catch (UnsatisfiedLinkError | IllegalCallerException _) {
      // Missing, on a file system mounted "noexec", or of another architecture.
      return null;
    }
  }

  /// True if a call whose answer is known has that answer.
  private boolean works() {
    return syscall(getpid, 0, 0, 0, 0, 0, 0) > 0;
  }

  @Override
  public long call(long number, long a, long b, long c, long d, long e, long f) {
    return syscall(number, a, b, c, d, e, f);
  }

  private static native long syscall(long number, long a, long b, long c, long d, long e, long f);
}
