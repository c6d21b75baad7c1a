// SPDX-License-Identifier: Apache-2.0

/// The side file: the frozen part of the one map, kept on disk beside the layers, so that a chain
/// of a thousand layers opens without looking into them. The bytes are specified in
/// `docs/format/side-file.md`.
///
/// It is a hint. Nothing in it is believed without its checksum, no layer that it describes without
/// a look at that layer's file, and whoever deletes it loses time and nothing else.
///
/// | part | does |
/// |---|---|
/// | [io.varve.image.chain.side.FamilyMap] | finds the map of a chain, for readers |
/// | [io.varve.image.chain.side.FamilyMapWriter] | keeps it up to date, for whoever holds the family's lock |
/// | `SideWord`, `BlockFile`, `TreeReader`, `TreeWriter`, `PageCodec` | the pages: a tree of blocks of 512 bytes |
/// | `LayerRecord`, `RecordLog`, `SlotTable` | the records: one or more of 128 bytes for each layer |
package io.varve.image.chain.side;
