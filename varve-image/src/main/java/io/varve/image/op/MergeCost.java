// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

/// What a merge costs.
///
/// @param movedBytes data that is put into the keeper: whole clusters, compressed ones by their
///   compressed length
/// @param grownBytes by which the keeper's file takes more of the store, in clusters of data and
///   index; below zero where it gives some back
public record MergeCost(long movedBytes, long grownBytes) {}
