// SPDX-License-Identifier: Apache-2.0

/// The facade of the engine: pools, disks, snapshots, clones, and the bytes of disks.
package io.varve.engine;
