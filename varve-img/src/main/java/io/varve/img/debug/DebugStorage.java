// SPDX-License-Identifier: Apache-2.0
package io.varve.img.debug;

import io.varve.image.storage.ForwardingStorage;
import io.varve.image.storage.Storage;
import io.varve.image.storage.StorageEvent;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// A storage whose requests [DebugRules] may fail or stop.
public final class DebugStorage extends ForwardingStorage {
  private final DebugRules rules;
  private volatile boolean unflushed;

  /// @param inner the file
  DebugStorage(Storage inner, DebugRules rules) {
    super(inner);
    this.rules = rules;
  }

  public DebugRules rules() {
    return rules;
  }

  @Override
  public void announce(StorageEvent event) {
    rules.fire(event);
  }

  @Override
  public void read(long position, ByteBuffer dst) throws IOException {
    rules.check(RequestKind.READ, position, dst.remaining());
    super.read(position, dst);
  }

  @Override
  public void write(long position, ByteBuffer src) throws IOException {
    rules.fire(StorageEvent.PWRITEV);
    rules.check(RequestKind.WRITE, position, src.remaining());
    unflushed = true;
    super.write(position, src);
    rules.fire(StorageEvent.PWRITEV_DONE);
  }

  @Override
  public void zero(long position, long length) throws IOException {
    rules.fire(StorageEvent.PWRITEV_ZERO);
    rules.check(RequestKind.WRITE_ZEROES, position, length);
    unflushed = true;
    super.zero(position, length);
    rules.fire(StorageEvent.PWRITEV_DONE);
  }

  @Override
  public boolean punch(long position, long length) throws IOException {
    rules.check(RequestKind.DISCARD, position, length);
    unflushed = true;
    return super.punch(position, length);
  }

  /// Space is set aside as zeros are written.
  @Override
  public void reserve(long position, long length) throws IOException {
    rules.fire(StorageEvent.PWRITEV_ZERO);
    rules.check(RequestKind.WRITE_ZEROES, position, length);
    unflushed = true;
    super.reserve(position, length);
    rules.fire(StorageEvent.PWRITEV_DONE);
  }

  @Override
  public void flush() throws IOException {
    if (unflushed) {
      // What is flushed already is not asked for again, as QEMU has it.
      rules.check(RequestKind.FLUSH, 0, 0);
      super.flush();
      unflushed = false;
    }
  }

  @Override
  public @Nullable DataRange nextData(long position) throws IOException {
    rules.check(RequestKind.BLOCK_STATUS, position, 1);
    return super.nextData(position);
  }
}
