// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import io.varve.image.storage.Storage;

/// The storage that crashes on purpose must be a good one until then.
class CrashStorageContractTest extends StorageContract {
  @Override
  protected Storage fresh() {
    return new CrashStorage();
  }

  @Override
  protected Storage reopen(Storage closed, boolean readOnly) {
    return new SparseStorage(closed.name(), ((CrashStorage) closed).content(), readOnly);
  }
}
