// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DiskAddress;
import io.varve.image.ImageInUseException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;

/// How a verb begins: find the disk, lock its family, deal with what dead writers left.
final class Verbs {
  private static final Duration STEP = Duration.ofMillis(20);

  private final Context context;
  private final Journal journal;
  private final Resolver resolver;
  private final JobRunner jobs;

  Verbs(Context context, Journal journal, Resolver resolver, JobRunner jobs) {
    this.context = context;
    this.journal = journal;
    this.resolver = resolver;
    this.jobs = jobs;
  }

  /// What a verb does under its lock.
  @FunctionalInterface
  interface OnDisk<T> {
    T run(Resolver.Found found) throws IOException;
  }

  /// What is done under a lock that names no disk yet.
  @FunctionalInterface
  interface InFamily<T> {
    T run() throws IOException;
  }

  /// Runs a verb alone on the disk and on all that share layers with it.
  <T> T onDisk(DiskAddress address, OnDisk<T> verb) {
    return Problems.guard(() -> {
      while (true) {
        Resolver.Found found = resolver.disk(address);
        PoolSite site = found.site();
        site.requirePresent();
        UUID family = found.disk().family();
        Optional<T> done =
            withRoom(
                site,
                family,
                () -> {
                  try (PoolLocks.Held _ = context.locks().exclusive(site, family)) {
                    journal.recover(site, family);
                    return inFamily(family, resolver.again(found.disk().id(), address), verb);
                  }
                });
        if (done.isPresent()) {
          return done.get();
        }
      }
    });
  }

  /// Runs the opening of a session, side by side with others.
  <T> T opening(DiskAddress address, OnDisk<T> opening) {
    return Problems.guard(() -> {
      while (true) {
        Resolver.Found found = resolver.disk(address);
        PoolSite site = found.site();
        site.requirePresent();
        UUID family = found.disk().family();
        if (journal.hasIntents(site, family)) {
          try (PoolLocks.Held _ = context.locks().exclusive(site, family)) {
            journal.recover(site, family);
          }
        }
        Optional<T> done =
            withRoom(
                site,
                family,
                () -> {
                  try (PoolLocks.Held _ = context.locks().shared(site, family)) {
                    return inFamily(family, resolver.again(found.disk().id(), address), opening);
                  }
                });
        if (done.isPresent()) {
          return done.get();
        }
      }
    });
  }

  /// Nothing if the disk was cut loose from the family before its lock was there.
  private static <T> Optional<T> inFamily(UUID family, Resolver.Found found, OnDisk<T> verb)
      throws IOException {
    return found.disk().family().equals(family) ? Optional.of(verb.run(found)) : Optional.empty();
  }

  /// A job that fills the active layer in holds it as a VM would; it makes room for verbs and
  /// sessions within a moment.
  private <T> T withRoom(PoolSite site, UUID family, InFamily<T> verb) throws IOException {
    long attempts = Math.max(2, context.config().lockWait().dividedBy(STEP));
    boolean asked = false;
    for (long i = 1; true; i++) {
      try {
        return verb.run();
      } catch (ImageInUseException e) {
        asked |= jobs.standAside(site.row().id(), family);
        if (!asked || i >= attempts) {
          throw e;
        }
      }
      context.config().pause().pause(STEP);
    }
  }

  /// Runs the making of something new in a pool, under the lock of a new family.
  <T> T inPool(PoolSite site, UUID family, InFamily<T> making) throws IOException {
    site.requirePresent();
    journal.recoverUnborn(site);
    try (PoolLocks.Held _ = context.locks().exclusive(site, family)) {
      return making.run();
    }
  }
}
