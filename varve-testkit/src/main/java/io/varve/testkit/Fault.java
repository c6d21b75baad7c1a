// SPDX-License-Identifier: Apache-2.0
package io.varve.testkit;

import io.varve.image.storage.NoSpaceException;
import java.io.IOException;

/// How a storage call fails.
public enum Fault {
  /// The device answers with an error; a write has changed nothing.
  IO_ERROR,
  /// The device answers with an error after it has written some of the sectors.
  TORN_WRITE,
  /// The store is full. Only calls that can need space fail: write, zero and truncate.
  NO_SPACE;

  boolean hits(StorageCall call) {
    return switch (this) {
      case IO_ERROR -> true;
      case TORN_WRITE -> call == StorageCall.WRITE;
      case NO_SPACE -> call.needsSpace();
    };
  }

  IOException error(String name, StorageCall call) {
    String text = name + ": " + call + " failed on purpose";
    return this == NO_SPACE ? new NoSpaceException(text) : new IOException(text);
  }
}
