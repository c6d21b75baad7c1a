// SPDX-License-Identifier: Apache-2.0

/// Raw images: the guest's bytes at the same offsets in the file, without an index. The file knows
/// no base, no snapshot and no size of its own.
package io.varve.image.raw;
