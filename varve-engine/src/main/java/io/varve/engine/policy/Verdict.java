// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.policy;

/// What the capability rule says of one verb on one pool.
///
/// @param reason why it is allowed or refused; never empty, no full stop
/// @param cure what makes a refused verb possible, whole sentences; empty where allowed
public record Verdict(boolean allowed, String reason, String cure) {
  public static Verdict allow(String reason) {
    return new Verdict(true, reason, "");
  }

  public static Verdict refuse(String reason, String cure) {
    return new Verdict(false, reason, cure);
  }
}
