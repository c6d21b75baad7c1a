// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

import java.io.IOException;

/// The store is full, or a fixed-size store would have to grow. What was written before stays
/// valid; free space and try again.
public final class NoSpaceException extends IOException {
  private static final long serialVersionUID = 1L;

  public NoSpaceException(String message) {
    super(message);
  }
}
