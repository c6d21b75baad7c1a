// SPDX-License-Identifier: Apache-2.0
package io.varve.cli;

/// The command was not understood or not complete: exit code 2. The cure says what to type.
public final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String cure;

  public UsageException(String message, String cure) {
    super(message);
    this.cure = cure;
  }

  public String cure() {
    return cure;
  }
}
