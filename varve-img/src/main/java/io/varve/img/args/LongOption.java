// SPDX-License-Identifier: Apache-2.0
package io.varve.img.args;

/// An option such as `--backing-chain`.
///
/// @param name without the dashes
/// @param takesValue a value follows, as `--name=value` or in the next argument
/// @param code what [GetOpt#next()] answers: the short option that means the same, or a number
///   above 255
public record LongOption(String name, boolean takesValue, int code) {
  public static LongOption flag(String name, int code) {
    return new LongOption(name, false, code);
  }

  public static LongOption value(String name, int code) {
    return new LongOption(name, true, code);
  }
}
