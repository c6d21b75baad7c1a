// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import org.jspecify.annotations.Nullable;

/// How a stream is put on a disk.
///
/// @param snapshot name of the snapshot that the result becomes; null for the name at the sender
/// @param keepAs name of a snapshot to keep what was written to the target since its base; null for
///   none
/// @param discard what was written to the target since may be lost; refused otherwise
/// @param stay leave the target where it stands: the result becomes a snapshot only
/// @param trustBase believe that this snapshot of the target is the base, whatever identity and
///   digest say; null to find and prove the base
public record ApplySpec(
    @Nullable String snapshot,
    @Nullable String keepAs,
    boolean discard,
    boolean stay,
    @Nullable String trustBase) {
  public static final ApplySpec USUAL = new ApplySpec(null, null, false, false, null);

  public ApplySpec withSnapshot(@Nullable String name) {
    return new ApplySpec(name, keepAs, discard, stay, trustBase);
  }

  public ApplySpec withKeepAs(@Nullable String name) {
    return new ApplySpec(snapshot, name, discard, stay, trustBase);
  }

  public ApplySpec withDiscard(boolean yes) {
    return new ApplySpec(snapshot, keepAs, yes, stay, trustBase);
  }

  public ApplySpec withStay(boolean yes) {
    return new ApplySpec(snapshot, keepAs, discard, yes, trustBase);
  }

  public ApplySpec withTrustBase(@Nullable String name) {
    return new ApplySpec(snapshot, keepAs, discard, stay, name);
  }
}
