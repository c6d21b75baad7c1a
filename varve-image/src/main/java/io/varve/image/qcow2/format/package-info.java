// SPDX-License-Identifier: Apache-2.0

/// The qcow2 format, as code and as tables: what each byte of an image means, and which values
/// Varve accepts. Nothing here reads a file or decides where anything goes. The package depends on
/// java.base only.
///
/// All integers are big endian. *cs* is the cluster size, *cb* its base-2 logarithm. A **guest
/// offset** is a position on the virtual disk, a **host offset** one in the file.
///
/// # The file
///
/// A file is a row of clusters of one size, 2^9 to 2^21 bytes. Cluster 0 begins with the header;
/// every other structure is found from there, begins on a cluster boundary, and may lie anywhere.
///
/// ```
/// header ──► L1 table ──► L2 tables ──► data clusters
///   │  └───► refcount table ──► refcount blocks: one count for each cluster of the file
///   └──────► snapshot table ──► an L1 table for each internal snapshot
/// ```
///
/// Bytes behind the end of the file read as zero, in tables too.
///
/// # Header ([Header])
///
/// | bytes | field | accepted |
/// |---|---|---|
/// | 0-3 | magic | `QFI` 0xfb |
/// | 4-7 | version | 2 or 3 |
/// | 8-15 | offset of the backing file name | 0: none; else behind the header, inside cluster 0 |
/// | 16-19 | bytes of that name | to 1023, inside cluster 0; there is no NUL at its end |
/// | 20-23 | cb | 9 to 21; with extended L2 14 to 21 |
/// | 24-31 | size of the disk in bytes | below 2^63 |
/// | 32-35 | encryption | 0; 1 (AES) and 2 (LUKS) are known and refused |
/// | 36-39 | entries of the active L1 table | enough for the size; at most 32 MiB of them |
/// | 40-47 | offset of the active L1 table | cluster aligned |
/// | 48-55 | offset of the refcount table | cluster aligned |
/// | 56-59 | clusters of the refcount table | 1 to 8 MiB |
/// | 60-63 | number of internal snapshots | to 65536 |
/// | 64-71 | offset of the snapshot table | cluster aligned |
///
/// Version 2 ends here: extensions begin at 72, refcounts have 16 bits, all feature bits are 0.
/// Version 3 goes on:
///
/// | bytes | field | accepted |
/// |---|---|---|
/// | 72-79 | incompatible features | known bits; an unknown one forbids opening |
/// | 80-87 | compatible features | all; unknown bits are kept |
/// | 88-95 | autoclear features | all; bits whose promise is not kept are cleared before writing |
/// | 96-99 | refcount order: counts have 2^order bits | 0 to 6 |
/// | 100-103 | length of the header | 104 to cs, a multiple of 8; extensions begin there |
/// | 104 | compression type, if the length is above 104 | 0 deflate, 1 zstd; agrees with incompatible bit 3 |
/// | 105-111 | padding | |
/// | 112.. | fields that nobody knows yet | kept byte for byte |
///
/// Fields that belong together are changed by one write inside the first 512-byte sector: size and
/// L1 (24-47), refcount table (48-59), snapshots (60-71), each feature field.
///
/// # Feature bits ([FeatureBits])
///
/// | field | bit | name | meaning |
/// |---|---|---|---|
/// | incompatible | 0 | dirty | refcounts may be behind what the tables say: repair before writing |
/// | incompatible | 1 | corrupt | damage was found: no writing before a repair has cleared it |
/// | incompatible | 2 | external data file | guest data lies in another file; refused |
/// | incompatible | 3 | compression type | byte 104 is not 0 |
/// | incompatible | 4 | extended L2 | 128-bit L2 entries |
/// | compatible | 0 | lazy refcounts | the dirty bit may be used to write refcounts late |
/// | autoclear | 0 | bitmaps | the bitmaps agree with the data |
/// | autoclear | 1 | raw external data | the data file alone is a raw image |
///
/// # Header extensions ([HeaderExtension], [HeaderArea])
///
/// From the end of the header to an end marker (type 0, length 0), to the backing file name, or to
/// the end of cluster 0. Each: type (4 bytes), length (4), data, zeros up to a multiple of 8.
///
/// | type | name | here |
/// |---|---|---|
/// | 0xe2792aca | backing file format | text, at most 15 bytes |
/// | 0x6803f857 | feature names | 48 bytes each: field, bit, name; written in version 3 if cs > 4096 |
/// | 0x23852875 | bitmaps | [BitmapsExtension]; maintained, see below |
/// | 0x0537be77 | LUKS header | kept, refused with the encryption |
/// | 0x44415441 | external data file name | shown, never opened |
/// | 0x56415256 | Varve identity | [VarveIdentity], `docs/format/varve-extension.md` |
/// | others | | kept byte for byte, in their order |
///
/// [HeaderUpdate] changes the area so that a crash leaves the old one or the new one.
///
/// # From guest offset to host offset ([Geometry])
///
/// An L2 table fills one cluster: *n* = cs / 8 entries, or cs / 16 with extended L2.
///
/// ```
/// L2 index = (guest offset / cs) mod n        L1 index = (guest offset / cs) / n
/// ```
///
/// **L1 entry** ([L1Entry]): bits 9-55 offset of the L2 table (0: none), 63 COPIED, others 0.
///
/// **L2 entry** ([L2Entry]):
///
/// | bits | standard cluster | compressed cluster |
/// |---|---|---|
/// | 63 | COPIED: the refcount is exactly 1, so it may be written in place | 0 |
/// | 62 | 0 | 1 |
/// | 61..x | 0 above bit 55 | 512-byte sectors behind the first one |
/// | x-1..0 | 9-55 host offset (0: none), 0 reads as zero | host offset of the first byte |
///
/// with x = 62 - (cb - 8). Bit 0 exists in version 3 without extended L2. COPIED is maintained in
/// the active tables only.
///
/// | offset | bit 0 | the cluster |
/// |---|---|---|
/// | 0 | 0 | is not here: the base answers |
/// | 0 | 1 | reads as zero |
/// | set | 0 | has data |
/// | set | 1 | reads as zero, its place is kept; what lies there is never shown |
///
/// **Extended L2 entry** ([SubclusterBitmap]): the word above, then 64 bits: bit i says that
/// subcluster i (of 32) has data at its place in the host cluster, bit 32 + i that it reads as
/// zero, neither that the base answers, both is an error. For a compressed cluster the bitmap is 0.
///
/// # Refcounts ([RefcountTableEntry], [RefcountWidth])
///
/// | item | rule |
/// |---|---|
/// | table entry | bits 9-63 offset of a refcount block, 0: all its counts are 0; bits 0-8 reserved |
/// | block | one cluster: cs * 8 / 2^order counts; below 8 bits the first count is the lowest bits |
/// | counted | header, L1 tables, L2 tables, data, refcount table and blocks, snapshot table, bitmaps |
/// | compressed | one count in each host cluster that the sectors of a compressed cluster touch |
///
/// A reference is never durable before its count, and a count never falls before the loss of the
/// reference is durable: a crash leaves counts too high (leaks), never too low.
///
/// # Internal snapshots ([SnapshotEntry], [SnapshotTable])
///
/// A snapshot is a copy of the L1 table with a name; whatever it reaches is counted once more. VM
/// state, if any, lies at guest offsets behind the end of the disk, in the snapshot's L1 table.
///
/// # Bitmaps ([BitmapsExtension], [BitmapDirectoryEntry])
///
/// The extension names a directory, which names a table for each bitmap. They hold while autoclear
/// bit 0 is set: a program that does not maintain them clears it, and who opens such an image for
/// writing drops the extension. `io.varve.image.qcow2.bitmap` has the operations and what a crash
/// leaves.
///
/// # Limits
///
/// [Limits] has those that QEMU enforces. A number from an image is checked as an unsigned one,
/// before it is multiplied, and before memory is set aside for it.
package io.varve.image.qcow2.format;
