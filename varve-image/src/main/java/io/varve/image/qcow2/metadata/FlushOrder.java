// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.metadata;

import io.varve.image.CorruptImageException;
import io.varve.image.ImageException;
import io.varve.image.storage.Storage;
import io.varve.image.storage.StorageEvent;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The order in which changes of a layer reach the disk. This is the one place that arranges it.
///
/// Changes gather in memory and form an epoch. [#commit()] ends it:
///
/// ```
/// 1. guest data (already written when it was handed in),
///    increased refcounts, tables that nothing on disk refers to yet
///    ---- barrier ----
/// 2. refcount table, if it gained a block                          (rare)
///    ---- barrier ----
/// 3. references: entries of live L2 tables, L1 entries
///    ---- barrier ----
/// 4. clusters whose last reference went in 3: counted down, punched out
///    (the lowered counts are part of the next epoch's step 1)
/// ```
///
/// So a count is durable before a reference needs it, a reference is gone durably before a count
/// falls, and data that was durable elsewhere is durable before an index points to it. A crash
/// between any two writes leaves leaked clusters at worst.
///
/// **One barrier instead of two.** Where all counts are durable already, no table is new, and the
/// references of the epoch lead to nothing but what the guest wrote in it, to clusters that were
/// zero before (nobody said [#keepOrder()]), the first barrier protects nothing that a flush has
/// promised, and is left out. After a crash such a cluster may read as zero. (spec: "Reference
/// count handling"; ARCHITECTURE.md, "Flush order".)
///
/// **Failure.** A write that fails (a full disk) leaves the epoch as it is: nothing was referenced,
/// and `commit` can be called again. A *flush* that fails says that the kernel may have lost writes
/// it had accepted; the layer then refuses all further changes, since what is on disk is unknown
/// until it is opened again.
///
/// **Threads.** Only under the layer's exclusive lock; [#barrier()] and [#hasChanges()] under the
/// shared one too.
public final class FlushOrder {
  private final Storage storage;
  private final MetadataCache cache;
  private final Set<Long> unreferencedTables = new HashSet<>();
  private @Nullable EntryTable refcountTable;
  private @Nullable EntryTable l1;
  private @Nullable ImageDamage damage;
  private @Nullable OverlapCheck overlaps;
  private Release release = () -> {};
  private DataFlush dataFlush = () -> {};
  private boolean inOrder;
  private volatile @Nullable IOException broken;
  private volatile String brokenIn = "flush";

  /// Called when references are durably gone.
  @FunctionalInterface
  public interface Release {
    void release() throws IOException;
  }

  /// Makes guest data durable that lies in another file.
  @FunctionalInterface
  public interface DataFlush {
    void flush() throws IOException;
  }

  public FlushOrder(Storage storage, MetadataCache cache) {
    this.storage = storage;
    this.cache = cache;
  }

  public void attachRefcountTable(EntryTable table) {
    this.refcountTable = table;
  }

  public void attachL1(EntryTable table) {
    this.l1 = table;
  }

  /// Sets what is asked before anything is written.
  public void attachGuards(ImageDamage imageDamage, OverlapCheck overlapCheck) {
    this.damage = imageDamage;
    this.overlaps = overlapCheck;
  }

  @Nullable EntryTable l1() {
    return l1;
  }

  @Nullable EntryTable refcountTable() {
    return refcountTable;
  }

  public void attachRelease(Release release) {
    this.release = release;
  }

  /// Sets what is flushed ahead of the image in the first barrier of an epoch.
  public void attachData(DataFlush flush) {
    this.dataFlush = flush;
  }

  /// Says that the table at this host offset is new: nothing on disk refers to it until the next
  /// commit, so that its entries may be written before the barrier.
  public void addUnreferencedTable(long tableOffset) {
    unreferencedTables.add(tableOffset);
  }

  /// The stage in which entries of this table may reach the disk.
  public WriteStage stageOf(long tableOffset) {
    return unreferencedTables.contains(tableOffset)
        ? WriteStage.BEFORE_REFERENCES
        : WriteStage.REFERENCES;
  }

  /// The guest's flush, where something waits for it.
  public void flush() throws IOException {
    storage.announce(StorageEvent.FLUSH_TO_OS);
    commit();
    storage.announce(StorageEvent.FLUSH_TO_DISK);
  }

  /// The guest's flush, where nothing but data was written.
  public void flushData() throws IOException {
    storage.announce(StorageEvent.FLUSH_TO_OS);
    storage.announce(StorageEvent.FLUSH_TO_DISK);
    dataBarrier();
  }

  /// Says that a reference of this epoch leads to data that must be durable before it.
  public void keepOrder() {
    inOrder = true;
  }

  private boolean needsTwoBarriers() {
    return inOrder
        || cache.hasDirty(WriteStage.BEFORE_REFERENCES)
        || !unreferencedTables.isEmpty()
        || (l1 != null && l1.dirty())
        || (refcountTable != null && refcountTable.dirty());
  }

  /// Ends the epoch: after it, every change made before is durable.
  public void commit() throws IOException {
    boolean references = cache.hasDirty(WriteStage.REFERENCES) || (l1 != null && l1.dirty());
    if (!references || needsTwoBarriers()) {
      commitCounts();
    } else {
      requireIntact();
    }
    writeReferences();
    inOrder = false;
    unreferencedTables.clear();
    release.release();
  }

  private void writeReferences() throws IOException {
    boolean references = cache.hasDirty(WriteStage.REFERENCES) || (l1 != null && l1.dirty());
    if (references) {
      cache.write(WriteStage.REFERENCES, overlaps);
      if (l1 != null && l1.dirty() && overlaps != null) {
        overlaps.requireL1Undisputed(l1);
      }
      if (l1 != null && l1.dirty()) {
        storage.announce(StorageEvent.L1_UPDATE);
        l1.write(storage);
      }
      barrier();
    }
  }

  /// Steps 1 and 2 alone: data, counts and unreferenced tables are durable after it. Any change of
  /// a reference outside the tables (a header field) may follow.
  public void commitCounts() throws IOException {
    requireIntact();
    cache.write(WriteStage.BEFORE_REFERENCES, overlaps);
    dataBarrier();
    if (refcountTable != null && refcountTable.dirty()) {
      storage.announce(StorageEvent.REFBLOCK_ALLOC_HOOKUP);
      refcountTable.write(storage);
      barrier();
    }
  }

  /// True if a commit would write something, and not only make written data durable.
  public boolean hasChanges() {
    return cache.hasDirty(WriteStage.BEFORE_REFERENCES)
        || cache.hasDirty(WriteStage.REFERENCES)
        || (l1 != null && l1.dirty())
        || (refcountTable != null && refcountTable.dirty());
  }

  /// As [#barrier], for guest data in another file too.
  public void dataBarrier() throws IOException {
    requireIntact();
    try {
      dataFlush.flush();
    } catch (IOException e) {
      broken = e;
      throw e;
    }
    barrier();
  }

  /// Everything written to the image before is durable after; nothing written later can overtake
  /// it.
  public void barrier() throws IOException {
    requireIntact();
    try {
      storage.flush();
    } catch (IOException e) {
      broken = e;
      throw e;
    }
  }

  /// Refuses all further changes: an operation broke off where it can neither go on nor back.
  public void breakOff(IOException cause) {
    if (broken == null) {
      brokenIn = "operation on snapshots or bitmaps";
      broken = cause;
    }
  }

  /// Refuses to go on after a failed flush or an operation that broke off.
  public void requireIntact() throws IOException {
    if (damage != null) {
      damage.requireAlive();
    }
    if (broken == null) {
      return;
    }
    String text =
        "%s: an earlier %s failed, so what is on disk is unknown; close the image and open it again"
            .formatted(storage.name(), brokenIn);
    throw broken instanceof ImageException
        ? new CorruptImageException(text, broken)
        : new IOException(text, broken);
  }
}
