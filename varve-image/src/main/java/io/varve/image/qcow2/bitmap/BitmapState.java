// SPDX-License-Identifier: Apache-2.0
package io.varve.image.qcow2.bitmap;

/// What there is to say of one bitmap.
///
/// @param name its name, unique in the image
/// @param granularity bytes of the disk that one bit stands for
/// @param enabled it records changes (flag *auto*)
/// @param inUse the disk says *in use*: its content there must not be used
/// @param inconsistent somebody wrote and did not store it; it can only be removed
public record BitmapState(
    String name, long granularity, boolean enabled, boolean inUse, boolean inconsistent) {}
