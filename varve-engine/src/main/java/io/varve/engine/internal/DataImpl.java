// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DiskAddress;
import io.varve.engine.DiskData;
import io.varve.engine.DiskSession;
import io.varve.engine.InvalidRequestException;
import io.varve.engine.ProblemCode;
import io.varve.engine.StoreException;
import io.varve.engine.VarveException;
import io.varve.engine.model.DiskIo;
import io.varve.engine.model.IoProbeRow;
import io.varve.engine.model.IoProbeSpec;
import io.varve.engine.model.WhereExtent;
import io.varve.image.storage.CountingStorage;
import io.varve.image.storage.IoCounters;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;

/// The bytes of disks.
final class DataImpl implements DiskData {
  private static final int PIECE = 1 << 20;

  private final Parts parts;

  DataImpl(Parts parts) {
    this.parts = parts;
  }

  @Override
  public DiskSession open(DiskAddress source, boolean writable) {
    return session(source, writable);
  }

  private Session session(DiskAddress source, boolean writable) {
    Resolver.Found[] disk = new Resolver.Found[1];
    Session session =
        parts
            .verbs()
            .opening(
                source,
                found -> {
                  disk[0] = found;
                  IoCounters host = new IoCounters();
                  Sources.Opened opened =
                      parts
                          .sources()
                          .open(found, source, writable, inner -> new CountingStorage(inner, host));
                  return new Session(parts.context(), found.disk().id(), opened, host);
                });
    UUID unmapped = session.opened().unmapped();
    if (unmapped != null) {
      // The next one to open it need not walk.
      new SideMaps(parts.context()).catchUp(disk[0].site(), disk[0].disk().family(), unmapped);
    }
    return session;
  }

  @Override
  public void read(DiskAddress source, long offset, long length, OutputStream out) {
    try (Session session = session(source, false)) {
      session.requireInside(offset, length);
      byte[] piece = new byte[(int) Math.min(PIECE, Math.max(1, length))];
      for (long done = 0; done < length; ) {
        int step = (int) Math.min(piece.length, length - done);
        session.read(offset + done, ByteBuffer.wrap(piece, 0, step));
        put(out, piece, step);
        done += step;
      }
    }
  }

  /// What the caller's stream throws unchecked is the caller's own and passes as it is.
  private static void put(OutputStream out, byte[] piece, int length) {
    try {
      out.write(piece, 0, length);
    } catch (IOException e) {
      throw Problems.of(e);
    }
  }

  @Override
  public long write(DiskAddress disk, long offset, InputStream in, long maxLength) {
    try (Session session = session(disk, true)) {
      session.requireInside(offset, maxLength == Long.MAX_VALUE ? 0 : maxLength);
      byte[] piece = new byte[(int) Math.min(PIECE, Math.max(1, maxLength))];
      long done = 0;
      while (done < maxLength) {
        int wanted = (int) Math.min(piece.length, maxLength - done);
        int got = Problems.guard(() -> in.readNBytes(piece, 0, wanted));
        if (got == 0) {
          break;
        }
        int fits = (int) Math.min(got, session.size() - offset - done);
        session.write(offset + done, ByteBuffer.wrap(piece, 0, fits));
        done += fits;
        if (fits < got) {
          session.flush();
          throw tooLong(disk, done);
        }
      }
      session.flush();
      return done;
    }
  }

  private static VarveException tooLong(DiskAddress disk, long written) {
    return new StoreException(
        ProblemCode.NO_SPACE,
        "the input goes on behind the end of '"
            + disk
            + "': its first "
            + written
            + " bytes were written and flushed",
        "Grow the disk first (disk resize), or write less (--length).");
  }

  @Override
  public void zero(DiskAddress disk, long offset, long length) {
    try (Session session = session(disk, true)) {
      session.zero(offset, length);
      session.flush();
    }
  }

  @Override
  public void discard(DiskAddress disk, long offset, long length) {
    try (Session session = session(disk, true)) {
      session.discard(offset, length);
      session.flush();
    }
  }

  @Override
  public List<WhereExtent> where(DiskAddress source, long offset, long length) {
    if (length <= 0) {
      throw new InvalidRequestException(
          ProblemCode.INVALID_REQUEST, "a range has at least one byte", "");
    }
    return parts
        .verbs()
        .opening(
            source,
            found -> {
              try (Sources.Opened opened =
                  parts.sources().open(found, source, false, UnaryOperator.identity())) {
                return new WhereViews(parts.context(), found, source).of(opened, offset, length);
              }
            });
  }

  @Override
  public DiskIo io(DiskAddress disk) {
    return Problems.guard(() -> {
      Resolver.Found found = parts.resolver().disk(disk);
      return parts.context().read(tx -> tx.diskIo(found.disk().id()));
    });
  }

  @Override
  public void resetIo(DiskAddress disk) {
    Problems.guard(() -> {
      Resolver.Found found = parts.resolver().disk(disk);
      parts.context().write(tx -> tx.resetDiskIo(found.disk().id()));
      return true;
    });
  }

  @Override
  public List<IoProbeRow> ioProbe(String pool, IoProbeSpec spec) {
    return Problems.guard(() -> {
      PoolSite site = parts.resolver().pool(pool);
      site.requirePresent();
      return new IoProbe(parts.context(), site.folder(), spec).run();
    });
  }
}
