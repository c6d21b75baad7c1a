// SPDX-License-Identifier: Apache-2.0
package io.varve.image.diff;

import java.io.IOException;

/// A stream is no difference, is damaged, ends early, or is of a version that this program does not
/// know. Nothing of it may be believed. The message says what, where in the stream, what was
/// expected and what was found.
public final class DiffStreamException extends IOException {
  private static final long serialVersionUID = 1L;

  public DiffStreamException(String message) {
    super(message);
  }
}
