// SPDX-License-Identifier: Apache-2.0
package io.varve.image.storage;

/// What a file is opened for.
public enum FileAccess {
  READ_ONLY,
  READ_WRITE
}
