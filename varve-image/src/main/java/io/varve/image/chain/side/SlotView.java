// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

/// How the slots of a file are numbered for whoever reads a page.
@FunctionalInterface
interface SlotView {
  /// As the file has them.
  SlotView OF_FILE = slot -> slot;

  /// Said of a slot that the reader's chain does not have.
  int UNKNOWN = Integer.MIN_VALUE;

  /// The reader's number for a slot of the file; `-1 - number` where that layer has taken in
  /// another one and must be asked; [#UNKNOWN] where the chain has no such layer.
  int of(int slot);
}
