// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.catalog;

import java.util.UUID;

/// A host or a witness of a pool.
public record MemberRow(UUID pool, String name, Role role) {
  /// What the member is.
  public enum Role {
    HOST,
    WITNESS
  }
}
