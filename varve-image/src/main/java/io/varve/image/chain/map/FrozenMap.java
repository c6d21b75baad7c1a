// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain.map;

import java.util.List;

/// The frozen part of a chain as a side file knows it.
///
/// @param rootFirst the layers; the place in the list is the slot: 0 is the root, the last one is
///   the layer that was asked for
/// @param unitBits log2 of the bytes of a unit, 9 to 21
/// @param pages closed together with the chain
public record FrozenMap(List<FrozenLayer> rootFirst, int unitBits, PageSource pages) {}
