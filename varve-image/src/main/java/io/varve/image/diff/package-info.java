// SPDX-License-Identifier: Apache-2.0

/// What differs between two states of a disk: found by their indexes, sent as a stream, checked by
/// a digest of the content. The stream is specified in `docs/format/diff-stream.md`.
package io.varve.image.diff;
