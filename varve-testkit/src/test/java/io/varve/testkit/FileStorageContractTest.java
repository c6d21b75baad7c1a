// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileStorageContractTest extends StorageContract {
  @TempDir Path folder;

  @Override
  protected Storage fresh() throws IOException {
    return FileStorage.create(folder.resolve("image"), LockMode.WRITER);
  }

  @Override
  protected Storage reopen(Storage closed, boolean readOnly) throws IOException {
    return readOnly
        ? FileStorage.open(folder.resolve("image"), FileAccess.READ_ONLY, LockMode.SHARED_READER)
        : FileStorage.open(folder.resolve("image"), FileAccess.READ_WRITE, LockMode.WRITER);
  }
}
