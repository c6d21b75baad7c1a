// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.engine;

import io.varve.testkit.GuestReader;

/// Tells of a step that another process took, from what it left.
///
/// @param bed that was opened after it
record AfterKill(PoolBed bed) implements PoolModel.Seen {
  @Override
  public GuestReader reader(String disk) {
    return bed.reader(disk);
  }

  @Override
  public long[] mustBeZero(PoolOp.Discard op) {
    throw new AssertionError(op + " has no end that can be foreseen");
  }

  @Override
  public String takenFor(PoolOp.FastClone op) {
    return bed.lastAutomatic(op.disk());
  }
}
