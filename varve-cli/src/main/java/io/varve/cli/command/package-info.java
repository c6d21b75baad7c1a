// SPDX-License-Identifier: Apache-2.0

/// The commands. A group is one word, such as `snapshot`; an [Action] is one verb of it, read by
/// picocli, run with a [Session]. What comes out as JSON is written out in [Shapes].
package io.varve.cli.command;
