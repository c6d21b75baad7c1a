// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.ProblemCode;
import io.varve.engine.StoreException;
import io.varve.engine.catalog.IntentRow;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// The journal of verbs under way, and what mends what they left.
final class Journal {
  private final Context context;
  private final Map<String, JournaledVerb> verbs = new HashMap<>();

  Journal(Context context) {
    this.context = context;
  }

  void register(JournaledVerb verb) {
    verbs.put(verb.name(), verb);
  }

  /// The steps of a verb after its intent is in the journal.
  @FunctionalInterface
  interface Steps<T> {
    T run(Intent intent) throws IOException;
  }

  /// Writes the intent, runs the steps; if they fail, undoes or finishes them at once. If that
  /// fails too, the intent stays and the disk's next use tries again.
  <T> T run(JournaledVerb verb, PoolSite site, UUID family, Args args, Steps<T> steps)
      throws IOException {
    IntentRow row =
        new IntentRow(
            context.newId(), site.row().id(), family, verb.name(), args.encode(), context.now());
    context.write(tx -> tx.insert(row));
    Intent intent = Intent.of(row);
    try {
      return steps.run(intent);
    } catch (IOException | RuntimeException e) {
      try {
        verb.recover(site, intent, false);
      } catch (IOException | RuntimeException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
  }

  /// Deals with what dead writers left in a family. Called under its exclusive lock.
  void recover(PoolSite site, UUID family) throws IOException {
    for (IntentRow row : context.read(tx -> tx.intents(site.row().id(), family))) {
      recover(site, row);
    }
  }

  /// Deals with what dead writers left in families that have no disk yet: those of disks in the
  /// making. Whoever is still alive is passed over.
  void recoverUnborn(PoolSite site) throws IOException {
    List<IntentRow> rows =
        context.read(tx -> tx.intents(site.row().id()).stream().filter(this::makesFamily).toList());
    for (IntentRow row : rows) {
      try (PoolLocks.Held held = context.locks().tryExclusive(site, row.family())) {
        if (held != null) {
          recover(site, row.family());
        }
      }
    }
  }

  private boolean makesFamily(IntentRow row) {
    JournaledVerb verb = verbs.get(row.verb());
    return verb != null && verb.makesFamily();
  }

  /// Deals with one entry. Called under the lock of its family or of the pool.
  void recover(PoolSite site, IntentRow row) throws IOException {
    JournaledVerb verb = verbs.get(row.verb());
    if (verb == null) {
      throw new StoreException(
          ProblemCode.CATALOG,
          "the journal has a verb that this Varve does not know: " + row.verb(),
          "Use the newer Varve that wrote it.");
    }
    verb.recover(site, Intent.of(row), true);
  }

  boolean hasIntents(PoolSite site, UUID family) {
    return context.read(tx -> !tx.intents(site.row().id(), family).isEmpty());
  }
}
