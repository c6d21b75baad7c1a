// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import io.varve.image.storage.ForwardingStorage;
import io.varve.image.storage.NoSpaceException;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// A storage whose calls fail on purpose: call number n, once or from then on. It counts the calls,
/// so that a loop can fail each call of an operation until none is left:
///
/// ```java
/// for (int n = 0; ; n++) {
///   FaultyStorage storage = new FaultyStorage(...);
///   storage.failCall(n, Fault.IO_ERROR, false);
///   operation(storage);
///   if (!storage.struck()) break;
/// }
/// ```
///
/// It can also be full: [#limit]. **Threads:** any.
public final class FaultyStorage extends ForwardingStorage {
  private static final int SECTOR = 512;

  private @Nullable Fault fault;
  private long at;
  private boolean forever;
  private long calls;
  private boolean struck;
  private long limit = Long.MAX_VALUE;
  private int closes;

  public FaultyStorage(Storage inner) {
    super(inner);
  }

  /// Fails the call with this number (from 0, counted from now, of those calls that the fault can
  /// hit), and with `forever` every such call after it.
  public synchronized void failCall(long number, Fault how, boolean forever) {
    fault = how;
    at = number;
    this.forever = forever;
    calls = 0;
    struck = false;
  }

  /// Stops failing.
  public synchronized void heal() {
    fault = null;
    limit = Long.MAX_VALUE;
  }

  /// From now on the storage cannot become longer than that.
  public synchronized void limit(long bytes) {
    limit = bytes;
  }

  /// True if a call has failed on purpose since [#failCall] or [#limit].
  public synchronized boolean struck() {
    return struck;
  }

  /// Calls that the armed fault could have hit since it was armed.
  public synchronized long calls() {
    return calls;
  }

  /// How often `close` was called.
  public synchronized int closes() {
    return closes;
  }

  private synchronized @Nullable Fault take(StorageCall call) {
    if (fault == null || !fault.hits(call)) {
      return null;
    }
    long number = calls++;
    if (number == at || (forever && number > at)) {
      struck = true;
      return fault;
    }
    return null;
  }

  private void mayFail(StorageCall call) throws IOException {
    Fault hit = take(call);
    if (hit != null) {
      throw hit.error(name(), call);
    }
  }

  private synchronized void needSize(long size) throws IOException {
    if (size > limit) {
      struck = true;
      throw new NoSpaceException(name() + ": full on purpose at " + limit + " bytes");
    }
  }

  @Override
  public long size() throws IOException {
    mayFail(StorageCall.SIZE);
    return super.size();
  }

  @Override
  public void read(long position, ByteBuffer dst) throws IOException {
    mayFail(StorageCall.READ);
    super.read(position, dst);
  }

  @Override
  public void write(long position, ByteBuffer src) throws IOException {
    Fault hit = take(StorageCall.WRITE);
    if (hit == Fault.TORN_WRITE) {
      long middle = (position + src.remaining() / 2) / SECTOR * SECTOR;
      int part = (int) Math.max(0, middle - position);
      super.write(position, src.slice(src.position(), part));
    }
    if (hit != null) {
      throw hit.error(name(), StorageCall.WRITE);
    }
    needSize(position + src.remaining());
    super.write(position, src);
  }

  @Override
  public void flush() throws IOException {
    mayFail(StorageCall.FLUSH);
    super.flush();
  }

  @Override
  public void truncate(long size) throws IOException {
    mayFail(StorageCall.TRUNCATE);
    needSize(size);
    super.truncate(size);
  }

  @Override
  public boolean punch(long position, long length) throws IOException {
    mayFail(StorageCall.PUNCH);
    return super.punch(position, length);
  }

  @Override
  public void zero(long position, long length) throws IOException {
    mayFail(StorageCall.ZERO);
    needSize(position + length);
    super.zero(position, length);
  }

  @Override
  public long allocatedBytes() throws IOException {
    mayFail(StorageCall.ALLOCATED_BYTES);
    return super.allocatedBytes();
  }

  @Override
  public @Nullable DataRange nextData(long position) throws IOException {
    mayFail(StorageCall.NEXT_DATA);
    return super.nextData(position);
  }

  @Override
  public void close() throws IOException {
    synchronized (this) {
      closes++;
    }
    super.close();
  }
}
