// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.policy;

/// The verbs that a pool's capability rule decides about.
public enum Verb {
  STORAGE_SNAPSHOT("storage snapshot"),
  COMPUTE_SNAPSHOT("compute snapshot"),
  FAST_CLONE("fast clone"),
  FULL_CLONE("full clone");

  private final String words;

  Verb(String words) {
    this.words = words;
  }

  /// As a message says it.
  public String words() {
    return words;
  }
}
