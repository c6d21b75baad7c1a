// SPDX-License-Identifier: Apache-2.0
package io.varve.engine;

import io.varve.engine.model.AdoptReport;
import io.varve.engine.model.AdoptSpec;
import io.varve.engine.model.DoctorReport;
import io.varve.engine.model.DoctorSpec;

/// Files that came by another way, or into disorder. Every method may be called from any thread and
/// throws [VarveException].
public interface Upkeep {
  /// Takes chains of qcow2 files that QEMU or libvirt made (a base, external snapshots on it, what
  /// the VM writes) into a pool on virtual storage: the files are moved there, or copied, get an
  /// identity and name each other by the pool's rule; frozen ones become snapshots. No data moves
  /// within one file system. Cut short, it is finished, or every file goes back to where it was.
  ///
  /// @throws RefusedException if a file cannot be taken, or others stand on it that are not named
  /// @throws BusyException if a program has one of the files open
  AdoptReport adopt(AdoptSpec spec);

  /// Looks for what is wrong with the files of a pool and with what the catalog says of them, alone
  /// in the pool. Deletes nothing that could be someone's.
  DoctorReport doctor(String pool, DoctorSpec spec);
}
