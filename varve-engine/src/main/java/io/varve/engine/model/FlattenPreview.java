// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

/// What making a clone stand alone would do, by the indexes alone.
///
/// @param disk `pool/disk`
/// @param layers of other disks that it reads now and will not need any more
/// @param movedBytes of data that go into its own lowest layer: whole clusters, compressed ones by
///   their compressed length
/// @param grownBytes by which that layer's file takes more of the store
/// @param freedBytes that go back to the store, because nobody else reads those layers
public record FlattenPreview(
    String disk, int layers, long movedBytes, long grownBytes, long freedBytes) {}
