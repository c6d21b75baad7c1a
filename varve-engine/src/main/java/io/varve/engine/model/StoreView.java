// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

/// What the store of a pool can do, tried with a scratch file in its folder.
///
/// @param fileSystem name of the file system's type, or `block device`
/// @param punch freed space goes back to the store (holes can be punched)
/// @param reflink files can share blocks
/// @param directIo O_DIRECT works
/// @param sparse holes take no space and can be told from data
/// @param locks open-file-description locks work
/// @param blockSize of the file system, in bytes
/// @param totalBytes of the file system
/// @param freeBytes of the file system, as an ordinary user may use them
public record StoreView(
    String fileSystem,
    boolean punch,
    boolean reflink,
    boolean directIo,
    boolean sparse,
    boolean locks,
    long blockSize,
    long totalBytes,
    long freeBytes) {}
