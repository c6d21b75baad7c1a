// SPDX-License-Identifier: Apache-2.0

/// Checks and repairs qcow2 images: [Qcow2Check].
///
/// ```
/// CheckPass ─ TreeWalk ── L2Walk ──┐
///    │    ├── BitmapWalk ──────────┼──► References: who refers to each host cluster
///    │    └── RefcountCheck ───────┘         compared with Refcounts: what the image counts
///    ├── RefcountWriter or RefcountRebuild
///    └── CopiedCheck
/// ```
///
/// What is found is told at once, in QEMU's order and words ([CheckOptions#hearer()]).
///
/// **Limits of time and memory.** Counts exist only for clusters that are referred to and lie in
/// the file. Each L2 table is read once, whatever refers to it, unless it is damaged; holes are not
/// read; L1 tables and other tables of varying length are followed until together they are longer
/// than the file, which only overlapping ones can be. A list of findings ends at 1000, the counts
/// go on.
///
/// **With care, and without.** With care ([CheckOptions#careful()], the default) an L2 table that
/// is not aligned is not followed; refcounts of 0 are set where they are, as long as the refcount
/// block itself is sound; and where a part of an image cannot be followed, no count is lowered.
/// Without it, all is done as `qemu-img check` does it, but for two things: a repair goes on where
/// QEMU has marked the image as corrupt and cannot, and it keeps the snapshots of an image that has
/// bitmaps too.
package io.varve.image.qcow2.check;
