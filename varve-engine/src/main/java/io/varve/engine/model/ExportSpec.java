// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import io.varve.image.LayerFormat;
import io.varve.image.qcow2.Compression;
import org.jspecify.annotations.Nullable;

/// The file that an export makes.
///
/// @param format qcow2 or raw
/// @param replace overwrite an existing file; refused otherwise
/// @param compression store the clusters compressed in this way; null for plain. qcow2 only
public record ExportSpec(LayerFormat format, boolean replace, @Nullable Compression compression) {
  public static ExportSpec of(LayerFormat format) {
    return new ExportSpec(format, false, null);
  }

  public ExportSpec withReplace(boolean yes) {
    return new ExportSpec(format, yes, compression);
  }

  public ExportSpec withCompression(@Nullable Compression type) {
    return new ExportSpec(format, replace, type);
  }
}
