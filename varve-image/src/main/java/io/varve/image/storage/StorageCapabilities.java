// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

/// What a storage can do beyond reading and writing.
///
/// @param punch holes can be punched: freed space goes back to the store
/// @param reflink ranges can be shared with another file of the same store (FICLONERANGE)
/// @param fixedSize it cannot grow or shrink (a block device)
/// @param sparse it tells data from holes
public record StorageCapabilities(
    boolean punch, boolean reflink, boolean fixedSize, boolean sparse) {}
