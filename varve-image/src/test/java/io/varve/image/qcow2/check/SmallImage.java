// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.check;

import io.varve.image.qcow2.format.Header;
import io.varve.image.qcow2.format.HeaderBuilder;
import io.varve.image.storage.MemoryStorage;
import io.varve.image.storage.StorageCapabilities;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.UnaryOperator;

/// An image put together by hand: clusters of 4 KiB; header, refcount table, refcount block, L1, L2
/// and three data clusters, in this order; 16-bit refcounts.
final class SmallImage {
  static final int CLUSTER = 4096;
  static final int REFCOUNT_TABLE = CLUSTER;
  static final int REFCOUNT_BLOCK = 2 * CLUSTER;
  static final int L1 = 3 * CLUSTER;
  static final int L2 = 4 * CLUSTER;
  static final int DATA = 5 * CLUSTER;
  static final int END = 8 * CLUSTER;
  static final long COPIED = 1L << 63;
  private static final int DATA_CLUSTERS = 3;

  private final MemoryStorage storage;

  private SmallImage(MemoryStorage storage) {
    this.storage = storage;
  }

  static SmallImage sound() throws IOException {
    return in(new MemoryStorage("small"));
  }

  /// On a storage that cannot grow, like a block device.
  static SmallImage fixedSize(int clusters) throws IOException {
    StorageCapabilities fixed = new StorageCapabilities(false, false, true, false);
    return in(new MemoryStorage("small", fixed, (long) clusters * CLUSTER, Long.MAX_VALUE));
  }

  private static SmallImage in(MemoryStorage storage) throws IOException {
    SmallImage image = new SmallImage(storage);
    image.header(header -> header);
    image.put(REFCOUNT_TABLE, REFCOUNT_BLOCK);
    for (int cluster = 0; cluster < END / CLUSTER; cluster++) {
      image.refcount(cluster, 1);
    }
    image.put(L1, L2 | COPIED);
    for (int i = 0; i < DATA_CLUSTERS; i++) {
      image.put(L2 + 8 * i, DATA + i * (long) CLUSTER | COPIED);
    }
    storage.write(END - 1, ByteBuffer.wrap(new byte[] {1}));
    return image;
  }

  SmallImage header(UnaryOperator<HeaderBuilder> change) throws IOException {
    HeaderBuilder plain = Header.builder(3, 12).size(1 << 20).l1(1, L1);
    ByteBuffer bytes = ByteBuffer.allocate(Header.V3_LENGTH);
    change.apply(plain.refcountTable(REFCOUNT_TABLE, 1)).build().encode(bytes);
    storage.write(0, bytes.flip());
    return this;
  }

  SmallImage put(long at, long... words) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(words.length * Long.BYTES);
    bytes.asLongBuffer().put(words);
    storage.write(at, bytes);
    return this;
  }

  SmallImage refcount(int cluster, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(2).putShort((short) count).flip();
    storage.write(REFCOUNT_BLOCK + 2L * cluster, bytes);
    return this;
  }

  long get(long at) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(8);
    storage.read(at, bytes);
    return bytes.getLong(0);
  }

  MemoryStorage storage() {
    return storage;
  }

  byte[] bytes() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) storage.size());
    storage.read(0, bytes);
    return bytes.array();
  }

  CheckReport check() throws IOException {
    return Qcow2Check.check(storage, CheckProgress.NONE);
  }

  CheckReport repair(RepairMode mode) throws IOException {
    return Qcow2Check.repair(storage, mode, CheckProgress.NONE);
  }
}
