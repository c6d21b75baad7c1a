// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

/// What a stream is to hold.
///
/// @param byContent leave out ranges whose bytes are equal on both sides, by reading both
/// @param resultDigest end it with a digest of the result, for which all its data is read once
/// @param baseDigest begin it with a digest of the base, so that a copy is known as the base by its
///   content, where it does not carry the base's identity; all data of the base is read for it
public record DiffSpec(boolean byContent, boolean resultDigest, boolean baseDigest) {
  public static final DiffSpec USUAL = new DiffSpec(false, true, false);

  public DiffSpec withByContent(boolean yes) {
    return new DiffSpec(yes, resultDigest, baseDigest);
  }

  public DiffSpec withResultDigest(boolean yes) {
    return new DiffSpec(byContent, yes, baseDigest);
  }

  public DiffSpec withBaseDigest(boolean yes) {
    return new DiffSpec(byContent, resultDigest, yes);
  }
}
