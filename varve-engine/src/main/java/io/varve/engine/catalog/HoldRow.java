// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.catalog;

import java.util.UUID;

/// Who holds a snapshot. That it is held is in its file.
///
/// @param snapshot the id of its [SnapshotRow]
/// @param holder who said so; empty where only the file is known
/// @param reason for people; may be empty
/// @param sinceMillis since the epoch
public record HoldRow(UUID snapshot, String holder, String reason, long sinceMillis) {}
