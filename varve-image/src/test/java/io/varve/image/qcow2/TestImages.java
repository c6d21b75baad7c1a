// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.qcow2.check.CheckProgress;
import io.varve.image.qcow2.check.CheckReport;
import io.varve.image.qcow2.check.Qcow2Check;
import io.varve.image.storage.MemoryStorage;
import io.varve.image.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// Images in memory for the tests of this module.
public final class TestImages {
  private TestImages() {}

  public static MemoryStorage image(Qcow2CreateOptions options) throws IOException {
    MemoryStorage storage = new MemoryStorage("image");
    Qcow2Create.create(storage, options);
    return storage;
  }

  /// Opens the image through a handle of its own, so that closing the layer keeps `storage` open.
  public static Qcow2Layer open(MemoryStorage storage) throws IOException {
    return Qcow2Layer.open(storage.reopen(false), Qcow2Options.readWrite());
  }

  /// A layer of this size with 64 KiB clusters, open for writing.
  public static Qcow2Layer layer(long size) throws IOException {
    return open(image(Qcow2CreateOptions.ofSize(size)));
  }

  public static void fill(Qcow2Layer layer, long at, int length, int value) throws IOException {
    layer.write(GuestOffset.of(at), ByteBuffer.wrap(pattern(length, value)), Below.NOTHING);
  }

  public static byte[] pattern(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  /// What the layer alone holds; 0 where it holds nothing.
  public static byte[] read(Layer layer, long at, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      long n = layer.readHeld(GuestOffset.of(at + bytes.position()), bytes);
      if (n < 0) {
        bytes.position(bytes.position() + (int) -n);
      }
    }
    return bytes.array();
  }

  public static CheckReport check(Storage storage) throws IOException {
    return Qcow2Check.check(storage, CheckProgress.NONE);
  }
}
