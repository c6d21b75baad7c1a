// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.text;

import java.io.IOException;

/// Standard output takes no more: its reader went away, or the disk behind it is full.
public final class ClosedOutputException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ClosedOutputException(IOException cause) {
    super(cause.getMessage(), cause);
  }

  /// True if the reader went away, as `head` does: nothing to complain of.
  public boolean readerLeft() {
    String reason = getMessage();
    return reason != null && reason.contains("Broken pipe");
  }
}
