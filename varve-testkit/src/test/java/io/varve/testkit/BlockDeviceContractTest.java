// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/// On a loop device: fixed size, no holes. Skipped where none can be had (not root, no loop
/// devices).
class BlockDeviceContractTest extends StorageContract {
  @TempDir Path folder;
  private LoopDevice device;

  @Override
  protected Storage fresh() throws IOException {
    device = LoopDevice.require(folder.resolve("device"), FIXED_SIZE);
    return FileStorage.open(device.path(), FileAccess.READ_WRITE, LockMode.WRITER);
  }

  @Override
  protected Storage reopen(Storage closed, boolean readOnly) throws IOException {
    return readOnly
        ? FileStorage.open(device.path(), FileAccess.READ_ONLY, LockMode.SHARED_READER)
        : FileStorage.open(device.path(), FileAccess.READ_WRITE, LockMode.WRITER);
  }

  @AfterEach
  void detach() throws IOException {
    if (device != null) {
      device.close();
    }
  }
}
