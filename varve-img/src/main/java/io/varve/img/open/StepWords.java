// SPDX-License-Identifier: Apache-2.0
package io.varve.img.open;

import io.varve.ffi.SystemCallException;
import io.varve.image.ImageException;
import io.varve.image.UnsupportedImageException;
import io.varve.image.op.StepException;
import java.io.IOException;

/// Why a read or write failed, as `strerror` says it: QEMU's tools get a number there and no words,
/// so that damage of whatever kind is an input/output error.
public final class StepWords {
  private StepWords() {}

  public static String of(StepException step) {
    return of(step.reason());
  }

  public static String of(IOException reason) {
    for (Throwable cause = reason; cause != null; cause = cause.getCause()) {
      if (cause instanceof SystemCallException) {
        return Failures.reason(reason);
      }
    }
    if (reason instanceof UnsupportedImageException) {
      return "Operation not supported";
    }
    if (reason instanceof ImageException image && "Invalid argument".equals(image.words())) {
      return "Invalid argument";
    }
    boolean plain = reason instanceof ImageException || reason.getClass() == IOException.class;
    return plain ? "Input/output error" : Failures.reason(reason);
  }
}
