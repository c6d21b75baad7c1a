// SPDX-License-Identifier: Apache-2.0

/// Persistent dirty bitmaps of a qcow2 image (spec: "Bitmaps").
///
/// ```
/// header extension --> directory: one entry for each bitmap --> table --> clusters of bits
/// ```
///
/// A bitmap has one bit for each `granularity` bytes of the disk; an enabled one gains bits with
/// each change of the disk. While changes are recorded in memory the entry on disk says *in use*:
/// after a crash nobody can know what it missed, so it is *inconsistent* and good for nothing but
/// to be removed.
///
/// | step | on disk | a crash here leaves |
/// |---|---|---|
/// | first change after opening or storing | flag *in use* in the directory, flushed | the bitmap inconsistent |
/// | changes | nothing | the same |
/// | an operation on bitmaps, closing | new clusters, tables, directory; flush; header; old ones freed | all bitmaps as before, or all as after |
///
/// [io.varve.image.qcow2.bitmap.BitmapStore] does that; [io.varve.image.qcow2.bitmap.BitmapData]
/// holds bits.
package io.varve.image.qcow2.bitmap;
