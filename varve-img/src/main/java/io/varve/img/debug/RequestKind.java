// SPDX-License-Identifier: Apache-2.0
package io.varve.img.debug;

import org.jspecify.annotations.Nullable;

/// Kinds of requests to a file, as rules name them.
enum RequestKind {
  READ("read"),
  WRITE("write"),
  WRITE_ZEROES("write-zeroes"),
  DISCARD("discard"),
  FLUSH("flush"),
  BLOCK_STATUS("block-status");

  private final String word;

  RequestKind(String word) {
    this.word = word;
  }

  static @Nullable RequestKind of(String word) {
    for (RequestKind kind : values()) {
      if (kind.word.equals(word)) {
        return kind;
      }
    }
    return null;
  }

  /// What a rule means that names no kind: all but questions; where it names a sector, no flush.
  static int unnamed(boolean anySector) {
    int all = 1 << READ.ordinal() | 1 << WRITE.ordinal();
    all |= 1 << WRITE_ZEROES.ordinal() | 1 << DISCARD.ordinal();
    return anySector ? all | 1 << FLUSH.ordinal() : all;
  }
}
