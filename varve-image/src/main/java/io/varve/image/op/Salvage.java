// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

/// Hears of what a copy lost and went on: a sector that cannot be read becomes zeros.
@FunctionalInterface
public interface Salvage {
  void lost(StepException what);
}
