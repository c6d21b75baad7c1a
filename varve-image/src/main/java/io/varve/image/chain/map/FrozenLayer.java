// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.map;

import io.varve.image.BackingReference;
import io.varve.image.LayerFormat;
import io.varve.image.storage.FileState;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A layer of the frozen part, known without opening it.
///
/// @param path where it lies, as the gate of the chain would resolve the name
/// @param named what the layer above it says of it, for the gate; null if it is opened by its path
///   alone
/// @param size of the disk that it describes, bytes, a multiple of 512
/// @param binding which file, in which state, the map was made from
public record FrozenLayer(
    Path path,
    LayerFormat format,
    @Nullable BackingReference named,
    long size,
    FileState binding) {}
