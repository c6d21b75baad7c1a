// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.catalog.LayerRow;
import io.varve.image.chain.Chain;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Long chains that are open, and do not hold all of their layers' files open: they have to be told
/// when layers become one. Those of this engine are told here; that there are some of other
/// programs is said by a lock on a byte of the pool's lock file, and then a merge waits with its
/// last step.
///
/// **Threads.** Any. Chains are added under the family's shared lock, and layers replaced under the
/// exclusive one, so that none is opened in between.
final class OpenSessions {
  private final Context context;
  private final Map<Key, Entry> open = new HashMap<>();

  private record Key(UUID pool, UUID family) {}

  private record Reader(Chain chain, UUID top) {}

  private static final class Entry {
    final List<Reader> readers = new ArrayList<>();
    PoolLocks.@Nullable Held lock;
  }

  /// Takes a chain out again.
  @FunctionalInterface
  interface Registration {
    void end() throws IOException;
  }

  OpenSessions(Context context) {
    this.context = context;
  }

  /// @param top the layer that the chain shows
  synchronized Registration add(PoolSite site, LayerRow top, Chain chain) throws IOException {
    if (!site.virtual() || chain.depth() <= SideMaps.LEAST_DEPTH) {
      return () -> {};
    }
    Key key = new Key(site.row().id(), top.family());
    Entry entry = open.computeIfAbsent(key, _ -> new Entry());
    Reader reader = new Reader(chain, top.id());
    entry.readers.add(reader);
    if (entry.lock == null) {
      entry.lock = context.locks().trySessions(site, key.family, false);
    }
    return () -> remove(key, reader);
  }

  private synchronized void remove(Key key, Reader reader) throws IOException {
    Entry entry = open.get(key);
    if (entry == null) {
      return;
    }
    entry.readers.removeIf(one -> one == reader);
    if (entry.readers.isEmpty()) {
      open.remove(key);
      release(entry);
    }
  }

  private static void release(Entry entry) throws IOException {
    PoolLocks.Held lock = entry.lock;
    entry.lock = null;
    if (lock != null) {
      lock.close();
    }
  }

  /// Runs the last step of a merge, under the family's exclusive lock, and tells the chains.
  ///
  /// @param rows of the run, the one that stays first
  /// @param step true if the layers have become one
  /// @throws JobWaitException if another program has a long chain of the family open
  synchronized boolean replacing(PoolSite site, List<LayerRow> rows, Verbs.InFamily<Boolean> step)
      throws IOException {
    LayerRow top = rows.getFirst();
    Entry entry = open.get(new Key(site.row().id(), top.family()));
    Set<UUID> ids = new HashSet<>(rows.stream().map(LayerRow::id).toList());
    if (entry != null) {
      pin(entry, ids);
      release(entry);
    }
    boolean done = alone(site, top.family(), entry, step);
    if (done && entry != null) {
      tell(site, entry, rows, ids);
    }
    return done;
  }

  /// Runs the step that cuts a branch of a family loose, under the family's exclusive lock: whoever
  /// shows a layer of it keeps the files that it has.
  ///
  /// @throws JobWaitException if another program has a long chain of the family open
  synchronized boolean cutting(
      PoolSite site, UUID family, Set<UUID> branch, Verbs.InFamily<Boolean> step)
      throws IOException {
    Entry entry = open.get(new Key(site.row().id(), family));
    if (entry != null) {
      pin(entry, branch);
      release(entry);
    }
    return alone(site, family, entry, step);
  }

  private boolean alone(
      PoolSite site, UUID family, @Nullable Entry entry, Verbs.InFamily<Boolean> step)
      throws IOException {
    try (PoolLocks.Held alone = context.locks().trySessions(site, family, true)) {
      if (alone == null) {
        throw new JobWaitException(
            "another program has the disk, or one that shares layers with it, open");
      }
      return step.run();
    } finally {
      if (entry != null) {
        entry.lock = context.locks().trySessions(site, family, false);
      }
    }
  }

  /// Whoever shows one of the layers themselves keeps the files that it has, all of them open.
  private static void pin(Entry entry, Set<UUID> ids) throws IOException {
    for (Reader reader : entry.readers) {
      if (ids.contains(reader.top)) {
        try {
          reader.chain.layers();
        } catch (IOException _) {
          // A file that was filled in is told once, and right the next time.
          reader.chain.layers();
        }
      }
    }
  }

  private static void tell(PoolSite site, Entry entry, List<LayerRow> rows, Set<UUID> ids)
      throws IOException {
    Path top = site.file(rows.getFirst());
    for (Reader reader : entry.readers) {
      for (LayerRow gone : rows.subList(1, rows.size())) {
        if (ids.contains(reader.top)) {
          continue;
        }
        try {
          reader.chain.layerReplaced(site.file(gone), top);
        } catch (IllegalArgumentException _) {
          // A chain of another branch, which these layers are not in.
        }
      }
    }
  }
}
