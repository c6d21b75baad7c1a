// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2;

import java.time.Instant;

/// One internal snapshot of an image (spec: "Snapshots").
///
/// @param id a decimal number as text, unique in the image
/// @param name as given by its maker; QEMU allows the same name twice
/// @param takenAt when it was taken
/// @param vmStateSize bytes of saved VM memory, 0 for a snapshot of the disk alone
/// @param diskSize size of the disk at that time, bytes
public record InternalSnapshot(
    String id, String name, Instant takenAt, long vmStateSize, long diskSize) {}
