// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

/// What one layer file (or one compute snapshot) takes, in bytes.
///
/// @param dataBytes guest data that it holds, in host clusters
/// @param indexBytes tables: what the snapshot itself costs
/// @param fileBytes length of the file
/// @param allocatedBytes that the store spends on it
public record SpaceView(long dataBytes, long indexBytes, long fileBytes, long allocatedBytes) {
  public static final SpaceView NONE = new SpaceView(0, 0, 0, 0);

  public SpaceView plus(SpaceView other) {
    return new SpaceView(
        dataBytes + other.dataBytes,
        indexBytes + other.indexBytes,
        fileBytes + other.fileBytes,
        allocatedBytes + other.allocatedBytes);
  }
}
