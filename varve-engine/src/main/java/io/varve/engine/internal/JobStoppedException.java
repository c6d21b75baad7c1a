// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import java.util.concurrent.CancellationException;

/// Someone paused or cancelled the job that runs, or asked it to stand aside. Its row says so
/// already.
final class JobStoppedException extends CancellationException {
  private static final long serialVersionUID = 1L;

  JobStoppedException(String message) {
    super(message);
  }
}
