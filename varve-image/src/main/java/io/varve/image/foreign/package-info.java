// SPDX-License-Identifier: Apache-2.0

/// Images of other makers, to be read and never written: VDI, VHD (`vpc`), VHDX and VMDK.
///
/// | format | read | refused by name |
/// |---|---|---|
/// | VDI | dynamic, static | linked and parented images, other block sizes than 1 MiB |
/// | VHD | fixed, dynamic; sized by geometry or by the footer, as QEMU decides | differencing |
/// | VHDX | fixed, dynamic | differencing; a log that has to be replayed first |
/// | VMDK | monolithicSparse, streamOptimized, monolithicFlat, twoGbMaxExtentSparse and -Flat, vmfs and vmfsSparse | linked clones, seSparse; extents that no gate admits |
///
/// [io.varve.image.foreign.ForeignFormats] opens them. Everything that a file says is hostile:
/// tables are read piece by piece when they are needed and never held whole, and every offset is
/// bounded before it is used.
package io.varve.image.foreign;
