// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

/// What kind of place a pool is.
public enum PoolKind {
  /// A folder that Varve manages: it creates and deletes a file per layer.
  VIRTUAL,
  /// A place that Varve is only given: one image file or block device per disk.
  EXTERNAL
}
