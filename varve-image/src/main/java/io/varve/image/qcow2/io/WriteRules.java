// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.io;

/// What an opener chose among the ways to write an image.
///
/// @param punch give freed space back to the store
/// @param discardNoUnref a discard or zeroed cluster keeps its host cluster, so that the image does
///   not fragment
/// @param qemuLayout clusters freed by a change may be taken by the next, at the price of a flush
///   between the two, and space is spent where QEMU spends it
public record WriteRules(boolean punch, boolean discardNoUnref, boolean qemuLayout) {}
