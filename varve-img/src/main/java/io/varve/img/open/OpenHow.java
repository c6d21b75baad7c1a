// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

/// How to open an image.
///
/// @param writable take changes
/// @param noBacking leave the backing file closed: reads see this one file
/// @param forceShare `-U`: take no notice of others' locks
/// @param cache the cache mode, `writeback` and the like; it is checked on opening
/// @param repair the open is for a check: a dirty or corrupt image opens as it is
/// @param metadataOnly guest data will not be read: an encrypted image needs no key, a data file is
///   not opened
public record OpenHow(
    boolean writable,
    boolean noBacking,
    boolean forceShare,
    String cache,
    boolean repair,
    boolean metadataOnly) {
  public static OpenHow readOnly() {
    return new OpenHow(false, false, false, "writeback", false, false);
  }

  public static OpenHow readWrite() {
    return readOnly().withWritable(true);
  }

  public OpenHow withWritable(boolean write) {
    return new OpenHow(write, noBacking, forceShare, cache, repair, metadataOnly);
  }

  public OpenHow withNoBacking() {
    return new OpenHow(writable, true, forceShare, cache, repair, metadataOnly);
  }

  public OpenHow withForceShare(boolean share) {
    return new OpenHow(writable, noBacking, share, cache, repair, metadataOnly);
  }

  public OpenHow withCache(String mode) {
    return new OpenHow(writable, noBacking, forceShare, mode, repair, metadataOnly);
  }

  public OpenHow forRepair() {
    return new OpenHow(writable, noBacking, forceShare, cache, true, metadataOnly);
  }

  public OpenHow forMetadata() {
    return new OpenHow(writable, noBacking, forceShare, cache, repair, true);
  }
}
