// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.ImageException;
import io.varve.image.qcow2.format.HeaderArea;
import io.varve.image.qcow2.format.HeaderUpdate;
import io.varve.image.qcow2.format.HeaderUpdate.SectorWrite;
import io.varve.image.qcow2.format.Qcow2FormatException;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.UnaryOperator;

/// The first cluster of an image in its file: header, extensions and backing name.
final class HeaderFile {
  private static final int FIRST_READ = 4096;
  private static final int CLUSTER_BITS_AT = 20;
  private static final int MIN_BITS = 9;
  private static final int MAX_BITS = 21;

  private HeaderFile() {}

  /// Reads and checks it.
  static HeaderArea read(Storage storage) throws IOException {
    try {
      return HeaderArea.parse(ByteBuffer.wrap(bytes(storage)));
    } catch (Qcow2FormatException e) {
      throw FormatErrors.named(storage.name(), e);
    }
  }

  /// Reads it for a check, which tells of some damage itself.
  static HeaderArea readForCheck(Storage storage) throws IOException {
    try {
      HeaderArea area = HeaderArea.inspect(ByteBuffer.wrap(bytes(storage)));
      area.requireSupported();
      return area;
    } catch (Qcow2FormatException e) {
      throw FormatErrors.named(storage.name(), e);
    }
  }

  /// Changes it so that a crash leaves the old area or the new one; durable on return.
  ///
  /// @throws ImageException if the new area does not fit; nothing has changed then
  static HeaderArea change(Storage storage, UnaryOperator<HeaderArea> change) throws IOException {
    byte[] old = bytes(storage);
    try {
      HeaderArea next = change.apply(HeaderArea.parse(ByteBuffer.wrap(old)));
      for (SectorWrite write : HeaderUpdate.plan(old, next)) {
        storage.write(write.position(), write.bytes().buffer());
        if (write.flushAfter()) {
          storage.flush();
        }
      }
      return next;
    } catch (Qcow2FormatException e) {
      throw FormatErrors.named(storage.name(), e);
    }
  }

  /// The first cluster; what a file lacks of it is zero, as QEMU reads it. The cluster size is
  /// bounded before use.
  private static byte[] bytes(Storage storage) throws IOException {
    ByteBuffer start = ByteBuffer.allocate(FIRST_READ);
    storage.read(0, start);
    int bits = start.getInt(CLUSTER_BITS_AT);
    if (storage.size() == 0 || bits < MIN_BITS || bits > MAX_BITS) {
      return start.array();
    }
    ByteBuffer cluster = ByteBuffer.allocate(1 << bits);
    storage.read(0, cluster);
    return cluster.array();
  }
}
