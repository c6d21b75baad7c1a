// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

/// What a folder's file system can do, tried with real files in it.
///
/// @param fileSystem name of its kind as the system has it mounted (`ext4`, `xfs`, `nfs4`)
/// @param totalBytes its size
/// @param freeBytes free for users without privileges
/// @param blockSize bytes of one block: the unit of holes and of sharing
/// @param punch holes can be punched, and space comes back from deletes inside a file
/// @param reflink files can share blocks
/// @param sparse what was never written takes no space, and can be told from data
/// @param directIo files can be read and written past the page cache
/// @param locks open-file-description locks work: images are safe from being opened twice
public record StoreFacts(
    String fileSystem,
    long totalBytes,
    long freeBytes,
    int blockSize,
    boolean punch,
    boolean reflink,
    boolean sparse,
    boolean directIo,
    boolean locks) {}
