// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import io.varve.engine.model.PoolSpace;
import io.varve.engine.model.SpaceAccount;
import java.util.List;

/// Who holds which space. The figures are read from the tables of the layers, none is estimated;
/// what frozen layers say is kept in memory for as long as their files stay as they are.
///
/// May be asked while VMs run: the figures of a disk that is being written are those of some moment
/// of the question. Every method may be called from any thread and throws [VarveException].
public interface Space {
  /// The accounts of the disk, its snapshots, and all that shares layers with them, by address.
  /// [SpaceAccount#sharedWith()] is null in all of them.
  List<SpaceAccount> family(DiskAddress disk);

  /// The account of one disk or snapshot, and whom it shares its data with.
  ///
  /// @throws NotFoundException if there is none, or one of its files cannot be read
  SpaceAccount show(DiskAddress node);

  /// The accounts of a pool and of all in it.
  PoolSpace pool(String name);
}
