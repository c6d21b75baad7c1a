// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

import java.time.Instant;

/// A snapshot that must not be deleted.
///
/// @param snapshot `pool/disk@snapshot`
/// @param holder who holds it; empty where only the file said that it is held
/// @param reason for people; may be empty
public record HoldView(String snapshot, String holder, String reason, Instant since) {}
