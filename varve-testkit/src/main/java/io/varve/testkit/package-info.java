// SPDX-License-Identifier: Apache-2.0

/// What the tests of every module need: an oracle for a guest disk
/// ([io.varve.testkit.ReferenceDisk]), storages that crash and fail on purpose, printed seeds, and
/// the real tools as referees.
///
/// Nothing here is part of the product.
@NullMarked
package io.varve.testkit;

import org.jspecify.annotations.NullMarked;
