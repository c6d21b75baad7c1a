// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.BusyException;
import io.varve.engine.EngineConfig;
import io.varve.engine.ProblemCode;
import io.varve.ffi.Fd;
import io.varve.ffi.FileLocks;
import io.varve.ffi.OpenFlag;
import io.varve.ffi.SystemCallException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Keeps verbs on the same disks from each other, between threads and between processes.
///
/// One lock file per pool, `varve-pool.lock` in the folder of a virtual pool (so that two catalogs
/// that know the same pool exclude each other too), in the catalog's home for an external one. Byte
/// 0 stands for the whole pool: a rescan takes it exclusively, every verb shares it. Each family of
/// disks (those that share layers) has a byte of its own, at a position made from its id: a verb
/// takes it exclusively, opening a session shares it for the moment of opening.
///
/// A job has a byte as well, which whoever runs it holds.
///
/// The locks are open-file-description locks: they go when their holder dies, so whoever gets one
/// and finds an intent in the journal knows that its writer is dead.
final class PoolLocks {
  private static final Duration STEP = Duration.ofMillis(20);
  private static final String LOCK_FILE = "varve-pool.lock";

  private final EngineConfig config;

  PoolLocks(EngineConfig config) {
    this.config = config;
  }

  /// A lock that is held until it is closed.
  static final class Held implements AutoCloseable {
    private final @Nullable Fd fd;

    private Held(@Nullable Fd fd) {
      this.fd = fd;
    }

    @Override
    public void close() throws IOException {
      if (fd != null) {
        fd.close();
      }
    }
  }

  /// A lock on nothing.
  static Held nothing() {
    return new Held(null);
  }

  /// The family alone, for a verb.
  Held exclusive(PoolSite site, UUID family) throws IOException {
    return waitFor(site, family, true);
  }

  /// The family together with other openers of sessions.
  Held shared(PoolSite site, UUID family) throws IOException {
    return waitFor(site, family, false);
  }

  /// The whole pool alone.
  Held wholePool(PoolSite site) throws IOException {
    return waitFor(site, null, true);
  }

  /// The family alone, or null at once where someone holds it.
  @Nullable Held tryExclusive(PoolSite site, UUID family) throws IOException {
    return attempt(site, family, true);
  }

  /// The right to run a job, or null at once where someone does. Stands beside all other locks, so
  /// that a job keeps no verb away.
  @Nullable Held tryJob(PoolSite site, UUID job) throws IOException {
    Fd fd = open(lockFile(site), true);
    boolean taken = false;
    try {
      taken = new FileLocks(fd).tryExclusive(position(job), 1);
      return taken ? new Held(fd) : null;
    } finally {
      if (!taken) {
        fd.close();
      }
    }
  }

  /// Says that this engine has long chains of a family open; or, exclusively, makes sure that no
  /// other has. Null if that is not so.
  @Nullable Held trySessions(PoolSite site, UUID family, boolean exclusive) throws IOException {
    long position =
        position(new UUID(~family.getMostSignificantBits(), family.getLeastSignificantBits()));
    Path file = lockFile(site);
    if (!exclusive && !Files.exists(file) && !Files.isWritable(file.getParent())) {
      return nothing();
    }
    Fd fd = open(file, exclusive);
    boolean taken = false;
    try {
      FileLocks locks = new FileLocks(fd);
      taken = exclusive ? locks.tryExclusive(position, 1) : locks.tryShared(position, 1);
      return taken ? new Held(fd) : null;
    } finally {
      if (!taken) {
        fd.close();
      }
    }
  }

  private Held waitFor(PoolSite site, @Nullable UUID family, boolean exclusive) throws IOException {
    long attempts = Math.max(1, config.lockWait().dividedBy(STEP));
    for (long i = 0; i < attempts; i++) {
      Held held = attempt(site, family, exclusive);
      if (held != null) {
        return held;
      }
      config.pause().pause(STEP);
    }
    throw new BusyException(
        ProblemCode.BUSY,
        family == null
            ? "another Varve is at work in pool '" + site.row().name() + "'"
            : "another Varve is at work on this disk, or on one that shares layers with it",
        "Wait until it has finished, then try again.");
  }

  private @Nullable Held attempt(PoolSite site, @Nullable UUID family, boolean exclusive)
      throws IOException {
    Path file = lockFile(site);
    if (!exclusive && !Files.exists(file) && !Files.isWritable(file.getParent())) {
      // A read-only folder where nobody ever wrote: there is no one to exclude.
      return nothing();
    }
    Fd fd = open(file, exclusive);
    boolean taken = false;
    try {
      FileLocks locks = new FileLocks(fd);
      taken =
          family == null
              ? locks.tryExclusive(0, 1)
              : locks.tryShared(0, 1)
                  && (exclusive
                      ? locks.tryExclusive(position(family), 1)
                      : locks.tryShared(position(family), 1));
      return taken ? new Held(fd) : null;
    } finally {
      if (!taken) {
        fd.close();
      }
    }
  }

  private static Fd open(Path file, boolean exclusive) throws IOException {
    try {
      return exclusive
          ? Fd.open(file, 0666, OpenFlag.WRITE, OpenFlag.CREATE)
          : Files.exists(file) ? Fd.open(file, 0) : Fd.open(file, 0666, OpenFlag.CREATE);
    } catch (SystemCallException e) {
      throw switch (e.errno()) {
        case EACCES, EROFS, EPERM -> new AccessDeniedException(file.toString());
        default -> new IOException(file + ": the lock file cannot be opened: " + e.reason(), e);
      };
    }
  }

  private Path lockFile(PoolSite site) throws IOException {
    if (site.virtual()) {
      return site.root().resolve(LOCK_FILE);
    }
    Path folder = config.home().resolve("locks");
    Files.createDirectories(folder);
    return folder.resolve(site.row().id() + ".lock");
  }

  /// A byte beyond the pool's own; two families on one byte would only wait for each other.
  private static long position(UUID family) {
    long mixed = family.getMostSignificantBits() ^ family.getLeastSignificantBits();
    return 1 + (mixed & (Long.MAX_VALUE >>> 1));
  }
}
