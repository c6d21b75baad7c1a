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
/// @param writableDepth depth of a backing file that takes changes too, 0 for none
public record OpenHow(
    boolean writable,
    boolean noBacking,
    boolean forceShare,
    String cache,
    boolean repair,
    boolean metadataOnly,
    int writableDepth) {
  public static OpenHow readOnly() {
    return new OpenHow(false, false, false, "writeback", false, false, 0);
  }

  public static OpenHow readWrite() {
    return readOnly().withWritable(true);
  }

  public OpenHow withWritable(boolean write) {
    return new OpenHow(write, noBacking, forceShare, cache, repair, metadataOnly, writableDepth);
  }

  public OpenHow withNoBacking() {
    return new OpenHow(writable, true, forceShare, cache, repair, metadataOnly, writableDepth);
  }

  public OpenHow withForceShare(boolean share) {
    return new OpenHow(writable, noBacking, share, cache, repair, metadataOnly, writableDepth);
  }

  public OpenHow withCache(String mode) {
    return new OpenHow(writable, noBacking, forceShare, mode, repair, metadataOnly, writableDepth);
  }

  public OpenHow forRepair() {
    return new OpenHow(writable, noBacking, forceShare, cache, true, metadataOnly, writableDepth);
  }

  public OpenHow forMetadata() {
    return new OpenHow(writable, noBacking, forceShare, cache, repair, true, writableDepth);
  }

  public OpenHow withWritableDepth(int depth) {
    return new OpenHow(writable, noBacking, forceShare, cache, repair, metadataOnly, depth);
  }
}
