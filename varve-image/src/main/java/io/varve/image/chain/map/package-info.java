// SPDX-License-Identifier: Apache-2.0

/// The one map: where each unit of the frozen part of a chain lies, whatever the chain's depth.
///
/// The frozen part is every layer beneath the active one. A guest address splits into `page | unit
/// in page (512) | offset in unit`; a unit has `1 << unitBits` bytes. One page answers for 512
/// units with one 8-byte entry each ([io.varve.image.chain.map.MapEntry]); a unit that is not
/// uniform (subclusters, layers of smaller clusters, the end of a layer) has a short list of runs
/// beside them.
///
/// | part | does |
/// |---|---|
/// | [io.varve.image.chain.map.MapEntry] | the 8 bytes of an entry |
/// | [io.varve.image.chain.map.MapPage] | 512 entries, immutable |
/// | [io.varve.image.chain.map.PageBuilder] | makes a page: lays layers, newest first, over what is known already |
/// | [io.varve.image.chain.map.PageSource] | pages that somebody kept: a side file |
/// | [io.varve.image.chain.map.FrozenLayer] | a layer of the frozen part, known without opening it |
///
/// **Slots.** Entries name layers by slot: the root of the chain is slot 0, its child 1, and so on;
/// layers that freeze later take the next numbers. A slot keeps its number for as long as the chain
/// is open, whatever happens to its neighbours.
package io.varve.image.chain.map;
