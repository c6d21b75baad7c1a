// SPDX-License-Identifier: Apache-2.0
package io.varve.img.debug;

import io.varve.image.storage.StorageEvent;

/// At `event`, in `state`, the state becomes `next`.
///
/// @param state 0 for any
record StateRule(StorageEvent event, long state, long next) {}
