// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.KeySource;
import io.varve.image.qcow2.io.WriteRules;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// How to open a qcow2 layer. Immutable: every `with…` method returns another value.
public final class Qcow2Options {
  private static final long DEFAULT_CACHE = 32L << 20;

  private boolean writable;
  private long cacheBytes = DEFAULT_CACHE;
  private boolean punchFreed;
  private boolean requireWhole;
  private boolean discardNoUnref;
  private boolean qemuLayout;
  private OverlapRules overlapRules = OverlapRules.CACHED;
  private boolean withData = true;
  private Consumer<String> notices = Qcow2Options::ignore;
  private KeySource keys = KeySource.NONE;
  private boolean legacyAesWrites;
  private boolean forCheck;
  private @Nullable DataFileSource dataFile;

  private Qcow2Options() {}

  private static void ignore(String notice) {}

  private Qcow2Options(Qcow2Options from) {
    writable = from.writable;
    cacheBytes = from.cacheBytes;
    punchFreed = from.punchFreed;
    requireWhole = from.requireWhole;
    discardNoUnref = from.discardNoUnref;
    qemuLayout = from.qemuLayout;
    overlapRules = from.overlapRules;
    withData = from.withData;
    notices = from.notices;
    keys = from.keys;
    legacyAesWrites = from.legacyAesWrites;
    dataFile = from.dataFile;
    forCheck = from.forCheck;
  }

  public static Qcow2Options readOnly() {
    return new Qcow2Options();
  }

  /// To take changes. Freed clusters go back to the file system where it can punch holes.
  public static Qcow2Options readWrite() {
    Qcow2Options options = new Qcow2Options();
    options.writable = true;
    options.punchFreed = true;
    return options;
  }

  /// The layer takes changes; a dirty image is then repaired first.
  public boolean writable() {
    return writable;
  }

  /// Bound of the metadata held in memory (L2 tables and refcount blocks), bytes; the L1 table
  /// comes on top.
  public long cacheBytes() {
    return cacheBytes;
  }

  /// Freed clusters are given back to the file system where it can punch holes.
  public boolean punchFreed() {
    return punchFreed;
  }

  /// A cluster that the index places behind the end of the file is damage: the file was cut short.
  /// Without it such a cluster reads as zero, as in QEMU.
  public boolean requireWhole() {
    return requireWhole;
  }

  /// Against which of the image's structures each write is checked.
  public OverlapRules overlapRules() {
    return overlapRules;
  }

  WriteRules writeRules() {
    return new WriteRules(punchFreed, discardNoUnref, qemuLayout);
  }

  /// False to open for metadata only: no data file is opened, no key is needed, and guest data
  /// cannot be read.
  public boolean withData() {
    return withData;
  }

  /// Hears what QEMU prints beside a result: repairs on opening, damage that was found.
  public Consumer<String> notices() {
    return notices;
  }

  public KeySource keys() {
    return keys;
  }

  /// Opens an external data file; null: images that have one are refused.
  public @Nullable DataFileSource dataFile() {
    return dataFile;
  }

  public Qcow2Options withWritable(boolean write) {
    Qcow2Options next = new Qcow2Options(this);
    next.writable = write;
    return next;
  }

  public Qcow2Options withCacheBytes(long bytes) {
    Qcow2Options next = new Qcow2Options(this);
    next.cacheBytes = bytes;
    return next;
  }

  public Qcow2Options withPunchFreed(boolean punch) {
    Qcow2Options next = new Qcow2Options(this);
    next.punchFreed = punch;
    return next;
  }

  public Qcow2Options withRequireWhole(boolean whole) {
    Qcow2Options next = new Qcow2Options(this);
    next.requireWhole = whole;
    return next;
  }

  /// A discarded or zeroed cluster keeps its host cluster (`discard-no-unref` in QEMU).
  public Qcow2Options withDiscardNoUnref(boolean keep) {
    Qcow2Options next = new Qcow2Options(this);
    next.discardNoUnref = keep;
    return next;
  }

  /// The image comes out as QEMU would lay it out, cluster by cluster: what one change frees may be
  /// taken by the very next, at the price of a flush between the two (without it, it waits for the
  /// next flush), and space is spent where QEMU spends it.
  public Qcow2Options withQemuLayout(boolean as) {
    Qcow2Options next = new Qcow2Options(this);
    next.qemuLayout = as;
    return next;
  }

  public Qcow2Options withOverlapRules(OverlapRules rules) {
    Qcow2Options next = new Qcow2Options(this);
    next.overlapRules = rules;
    return next;
  }

  public Qcow2Options withoutData() {
    Qcow2Options next = new Qcow2Options(this);
    next.withData = false;
    return next;
  }

  public Qcow2Options withNotices(Consumer<String> hearer) {
    Qcow2Options next = new Qcow2Options(this);
    next.notices = hearer;
    return next;
  }

  public Qcow2Options withKeys(KeySource source) {
    Qcow2Options next = new Qcow2Options(this);
    next.keys = source;
    return next;
  }

  public Qcow2Options withDataFile(@Nullable DataFileSource source) {
    Qcow2Options next = new Qcow2Options(this);
    next.dataFile = source;
    return next;
  }

  /// True if the image is opened to be checked: damage of which a check tells is no reason to
  /// refuse it.
  public boolean forCheck() {
    return forCheck;
  }

  public Qcow2Options withForCheck(boolean check) {
    Qcow2Options next = new Qcow2Options(this);
    next.forCheck = check;
    return next;
  }

  /// True if an image with the legacy AES encryption may be written to, and is read without a
  /// notice: as in QEMU's tools, and nowhere else.
  public boolean legacyAesWrites() {
    return legacyAesWrites;
  }

  public Qcow2Options withLegacyAesWrites(boolean allowed) {
    Qcow2Options next = new Qcow2Options(this);
    next.legacyAesWrites = allowed;
    return next;
  }
}
