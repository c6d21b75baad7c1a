// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/// A storage that remembers how it came about, so that one run of an operation yields the file as a
/// crash at any moment could have left it: see [#images].
///
/// It keeps the state at each flush and the log of changes from there to the next. A crash keeps
/// all that was flushed and any subset of the 512-byte sectors changed since. That covers
/// reordering too: of several versions of one sector any may be the last to reach the disk.
///
/// **Threads:** any; [#images] is for when the operation is over.
public final class CrashStorage extends SparseStorage {
  /// The durable state at a flush, and what was changed until the next.
  private record Epoch(SparseBytes durable, List<Mutation> changes) {}

  private final List<Epoch> epochs = new ArrayList<>();

  /// An empty file.
  public CrashStorage() {
    this(new SparseBytes());
  }

  /// A file with that (durable) content. The bytes are taken over.
  public CrashStorage(SparseBytes content) {
    super("crash-storage", content, false);
    epochs.add(new Epoch(content.fork(), new ArrayList<>()));
  }

  /// The moment now.
  public synchronized CrashPoint now() {
    return new CrashPoint(epochs.size() - 1, current().changes.size());
  }

  /// Everything that was logged, one line each, for messages.
  public synchronized String history() {
    StringBuilder text = new StringBuilder();
    for (int e = 0; e < epochs.size(); e++) {
      text.append("flush ").append(e).append('\n');
      epochs.get(e).changes.forEach(change -> text.append("  ").append(change).append('\n'));
    }
    return text.toString();
  }

  /// The state that a crash leaves now if nothing unflushed has reached the disk.
  public synchronized SparseBytes durable() {
    return current().durable.fork();
  }

  @Override
  void beforeChange(Mutation mutation) {
    current().changes.add(mutation);
  }

  @Override
  void onFlush() {
    if (!current().changes.isEmpty()) {
      epochs.add(new Epoch(live().fork(), new ArrayList<>()));
    }
  }

  /// Hands over the file as crashes leave it. For each stretch between two flushes: nothing of it
  /// kept; the changes up to each single one kept; each single one lost, and each kept alone; and
  /// `torn` random subsets of sectors, once with the new length of the file and once without.
  public void images(RandomGenerator random, int torn, Consumer<CrashImage> consumer) {
    List<Epoch> all;
    synchronized (this) {
      all = List.copyOf(epochs);
    }
    for (int e = 0; e < all.size(); e++) {
      images(e, all.get(e), random, torn, consumer);
    }
  }

  private static void images(
      int number, Epoch epoch, RandomGenerator random, int torn, Consumer<CrashImage> consumer) {
    List<Mutation> changes = epoch.changes;
    int count = changes.size();
    CrashPoint end = new CrashPoint(number, count);
    consumer.accept(new CrashImage(end, "lost", epoch.durable.fork()));
    SparseBytes prefix = epoch.durable.fork();
    for (int kept = 1; kept <= count; kept++) {
      changes.get(kept - 1).apply(prefix);
      String fate = kept == count ? "kept" : "kept so far";
      consumer.accept(new CrashImage(new CrashPoint(number, kept), fate, prefix.fork()));
    }
    for (int i = 0; i < count && count > 1; i++) {
      consumer.accept(new CrashImage(end, "kept but #" + i, subset(epoch, i, false)));
      consumer.accept(new CrashImage(end, "lost but #" + i, subset(epoch, i, true)));
    }
    for (int i = 0; i < torn && count > 0; i++) {
      long seed = random.nextLong();
      consumer.accept(new CrashImage(end, "torn by seed " + seed, torn(epoch, seed, i % 2 == 0)));
    }
  }

  private static SparseBytes subset(Epoch epoch, int one, boolean keepOne) {
    SparseBytes memory = epoch.durable.fork();
    SparseBytes disk = epoch.durable.fork();
    for (int i = 0; i < epoch.changes.size(); i++) {
      epoch.changes.get(i).apply(memory);
      if ((i == one) == keepOne) {
        epoch.changes.get(i).persist(memory, disk, Mutation.Choice.ALL);
      }
    }
    return disk;
  }

  /// Some of the sectors; with `grown` the file has its new length even where its data is missing.
  private static SparseBytes torn(Epoch epoch, long seed, boolean grown) {
    RandomGenerator random = new SplittableRandom(seed);
    SparseBytes memory = epoch.durable.fork();
    SparseBytes disk = epoch.durable.fork();
    for (Mutation change : epoch.changes) {
      change.apply(memory);
      switch (random.nextInt(4)) {
        case 0 -> {}
        case 1 -> change.persist(memory, disk, Mutation.Choice.ALL);
        default -> change.persist(memory, disk, Mutation.Choice.of(random));
      }
    }
    if (grown && disk.size() < memory.size()) {
      disk.truncate(memory.size());
    }
    return disk;
  }

  private Epoch current() {
    return epochs.getLast();
  }
}
