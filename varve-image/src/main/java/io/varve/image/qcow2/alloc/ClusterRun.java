// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.alloc;

/// Neighbouring host clusters that were just allocated.
///
/// @param first index of the first host cluster
/// @param count clusters, above zero
/// @param blank they lie past everything ever written, so that they read as zero without being
///   written
public record ClusterRun(long first, long count, boolean blank) {}
