// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.crypto;

import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;

/// The part of an image's file that holds its LUKS header, bounded by the header extension.
///
/// @param offset in the file
/// @param length unsigned
record Region(Storage storage, long offset, long length) {
  private static final String READ = "Could not read encryption header: Input/output error";

  byte[] read(long at, int bytes) throws IOException, EncryptionWords {
    requireInside(at, bytes);
    byte[] data = new byte[bytes];
    storage.read(offset + at, ByteBuffer.wrap(data));
    return data;
  }

  void write(long at, byte[] data) throws IOException, EncryptionWords {
    requireInside(at, data.length);
    storage.write(offset + at, ByteBuffer.wrap(data));
  }

  void flush() throws IOException {
    storage.flush();
  }

  private void requireInside(long at, int bytes) throws EncryptionWords {
    if (Long.compareUnsigned(at + bytes, length) > 0) {
      throw new EncryptionWords("Request for data outside of extension header");
    }
    if (offset < 0 || offset > Long.MAX_VALUE - at - bytes) {
      throw new EncryptionWords(READ);
    }
  }
}
