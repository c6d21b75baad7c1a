// SPDX-License-Identifier: Apache-2.0
package io.varve.img.debug;

import io.varve.image.storage.StorageEvent;

/// From `event` on, while the state is `state`, requests fail.
///
/// @param state 0 for any
/// @param errno the error number that they fail with; 0 lets them pass
/// @param offset the byte that a request must touch, -1 for any request
/// @param kinds which requests, one bit for each [RequestKind]
/// @param once only the first one fails
record InjectRule(StorageEvent event, long state, int errno, long offset, int kinds, boolean once) {
  boolean hits(RequestKind kind, long position, long length) {
    boolean there =
        offset == -1 || (length > 0 && offset >= position && offset - position < length);
    return there && (kinds >> kind.ordinal() & 1) != 0;
  }
}
