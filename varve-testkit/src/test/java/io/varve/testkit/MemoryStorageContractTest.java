// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import io.varve.image.storage.CountingStorage;
import io.varve.image.storage.MemoryStorage;
import io.varve.image.storage.Storage;
import io.varve.image.storage.StorageCapabilities;
import org.junit.jupiter.api.Nested;

class MemoryStorageContractTest {
  @Nested
  class Growing extends StorageContract {
    @Override
    protected Storage fresh() {
      return new MemoryStorage("memory");
    }

    @Override
    protected Storage reopen(Storage closed, boolean readOnly) {
      return ((MemoryStorage) closed).reopen(readOnly);
    }
  }

  /// Like a device that can do nothing but read and write.
  @Nested
  class FixedAndPlain extends StorageContract {
    @Override
    protected Storage fresh() {
      return new MemoryStorage(
          "memory", new StorageCapabilities(false, false, true, false), FIXED_SIZE, Long.MAX_VALUE);
    }

    @Override
    protected Storage reopen(Storage closed, boolean readOnly) {
      return ((MemoryStorage) closed).reopen(readOnly);
    }
  }

  @Nested
  class Counted extends StorageContract {
    @Override
    protected Storage fresh() {
      return new CountingStorage(new MemoryStorage("memory"));
    }

    @Override
    protected Storage reopen(Storage closed, boolean readOnly) {
      return new CountingStorage(
          ((MemoryStorage) ((CountingStorage) closed).inner()).reopen(readOnly));
    }
  }
}
