// SPDX-License-Identifier: Apache-2.0

/// Checks and repairs qcow2 images: [Qcow2Check].
///
/// ```
/// CheckRun ── TreeWalk ── L2Walk ──┐
///    │    ├── BitmapWalk ──────────┼──► References: who refers to each host cluster
///    │    └── RefcountCheck ───────┘         compared with Refcounts: what the image counts
///    └── Repair ── EntryRepair, RefcountRepair or RefcountRebuild, CopiedRepair
/// ```
///
/// **Limits of time and memory.** Counts exist only for clusters that are referred to and lie in
/// the file. Each L2 table is read once, whatever refers to it; holes are not read; L1 tables and
/// other tables of varying length are followed until together they are longer than the file, which
/// only overlapping ones can be. A list of findings ends at 1000, the counts go on.
///
/// **Where it differs from `qemu-img check`.** A set bit 0 in an L2 entry of version 2 is damage
/// (QEMU says so when it reads there). An L2 table that is not aligned is not followed. Refcounts
/// of 0 are set where they are as long as the refcount block itself is sound; QEMU builds a new
/// structure. Where a part of an image cannot be followed, no count is lowered.
package io.varve.image.qcow2.check;
