// SPDX-License-Identifier: Apache-2.0
package io.varve.ffi;

import java.io.IOException;

/// A system call failed. It carries no path: whoever opened the file knows how the user calls it
/// and puts that in front.
public final class SystemCallException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String call;
  private final int number;

  /// @param call name of the call
  /// @param number the error number it left, above zero
  public SystemCallException(String call, int number) {
    super(call + ": " + describe(number));
    this.call = call;
    this.number = number;
  }

  /// Name of the call, as in its manual page.
  public String call() {
    return call;
  }

  /// The error; [Errno#OTHER] for one that has no name here.
  public Errno errno() {
    return Errno.of(number);
  }

  /// The error number.
  public int number() {
    return number;
  }

  /// The error in words with its name, without the call.
  public String reason() {
    return describe(number);
  }

  private static String describe(int number) {
    Errno errno = Errno.of(number);
    String name = errno == Errno.OTHER ? "errno " + number : errno.name();
    return errno.reason() + " (" + name + ")";
  }
}
