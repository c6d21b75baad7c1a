// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

/// A job cannot go on now; the next run tries again. The message says what it waits for.
final class JobWaitException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  JobWaitException(String reason) {
    super(reason);
  }
}
