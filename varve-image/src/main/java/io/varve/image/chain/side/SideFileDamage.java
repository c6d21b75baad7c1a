// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.side;

import java.io.IOException;

/// A side file is torn or damaged, or of another program. It never reaches a user: readers go on
/// without it, writers make a new one.
final class SideFileDamage extends IOException {
  private static final long serialVersionUID = 1;

  SideFileDamage(String message) {
    super(message);
  }
}
