// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

/// What a doctor is to do.
///
/// @param fix mend what can be mended without guessing; else only say it
/// @param deep check the index of every layer as well, which reads all of it
public record DoctorSpec(boolean fix, boolean deep) {
  public static final DoctorSpec LOOK = new DoctorSpec(false, false);
}
