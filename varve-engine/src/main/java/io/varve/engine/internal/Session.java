// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DiskSession;
import io.varve.engine.InvalidRequestException;
import io.varve.engine.ProblemCode;
import io.varve.engine.model.DiskIo;
import io.varve.image.GuestOffset;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.storage.IoCounters;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;

/// An open disk or snapshot. The image locks of its files keep verbs away that would change them.
final class Session implements DiskSession {
  private final Context context;
  private final UUID disk;
  private final Sources.Opened opened;
  private final IoCounters host;
  private final GuestCounters guest = new GuestCounters();
  private final AtomicBoolean closed = new AtomicBoolean();

  Session(Context context, UUID disk, Sources.Opened opened, IoCounters host) {
    this.context = context;
    this.disk = disk;
    this.opened = opened;
    this.host = host;
  }

  Sources.Opened opened() {
    return opened;
  }

  @Override
  public long size() {
    return opened.chain().size();
  }

  @Override
  public boolean writable() {
    return opened.chain().writable();
  }

  @Override
  public void read(long offset, ByteBuffer dst) {
    int length = dst.remaining();
    requireInside(offset, length);
    Problems.guard(() -> {
      opened.chain().read(GuestOffset.of(offset), dst);
      guest.read(length);
      return true;
    });
  }

  @Override
  public void write(long offset, ByteBuffer src) {
    int length = src.remaining();
    requireInside(offset, length);
    Problems.guard(() -> {
      opened.chain().write(GuestOffset.of(offset), src);
      guest.write(length);
      return true;
    });
  }

  @Override
  public void zero(long offset, long length) {
    requireInside(offset, length);
    Problems.guard(() -> {
      opened.chain().zero(GuestOffset.of(offset), length, ZeroMode.UNMAP);
      guest.write(length);
      return true;
    });
  }

  @Override
  public void discard(long offset, long length) {
    requireInside(offset, length);
    Problems.guard(() -> {
      opened.chain().discard(GuestOffset.of(offset), length);
      guest.discard();
      return true;
    });
  }

  @Override
  public void flush() {
    Problems.guard(() -> {
      if (writable()) {
        opened.chain().flush();
        guest.flush();
      }
      return true;
    });
  }

  void requireInside(long offset, long length) {
    if (offset < 0 || length < 0 || offset > size() || length > size() - offset) {
      throw new InvalidRequestException(
          ProblemCode.INVALID_REQUEST,
          "the range of "
              + length
              + " bytes at "
              + offset
              + " ends outside of the disk's "
              + size()
              + " bytes",
          "Show the disk to see its size.");
    }
  }

  @Override
  public DiskIo io() {
    return new DiskIo(guest.now(), GuestCounters.host(host.snapshot()));
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    Problems.guard(() -> {
      opened.close();
      DiskIo io = io();
      context.write(tx -> tx.addDiskIo(disk, io));
      return true;
    });
  }
}
