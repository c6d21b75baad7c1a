// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import io.varve.image.ExtentKind;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Where one stretch of a disk lies.
///
/// @param start guest offset of its first byte
/// @param length bytes, above zero
/// @param kind NONE where no layer holds it: it reads as zero
/// @param depth 0 for the newest layer of the disk; -1 where no layer holds it
/// @param layer id of the layer, or null where no layer holds it or the image carries no identity
/// @param layerName `disk@snapshot`, `pool/disk` for an active layer, `retired` or empty
/// @param hostOffset in `file`, or -1 where there is none
/// @param file that holds it, or null
public record WhereExtent(
    long start,
    long length,
    ExtentKind kind,
    int depth,
    @Nullable UUID layer,
    String layerName,
    long hostOffset,
    @Nullable Path file) {}
