// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

/// Called before each step of a journaled verb; for tests that cut a verb short.
///
/// An [Error] that it throws counts as a crash: nothing is cleaned up, and the journal finishes or
/// undoes the verb when the disk is next used. An exception counts as a failed step: the verb is
/// undone or finished at once.
@FunctionalInterface
public interface StepHook {
  StepHook NONE = (_, _) -> {};

  /// @param verb such as `snapshot-create`
  /// @param step such as `freeze`
  void before(String verb, String step);
}
