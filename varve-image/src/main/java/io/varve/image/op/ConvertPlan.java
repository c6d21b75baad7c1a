// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Divides a conversion into pieces: data to copy, zeros to make, and what is left to the target's
/// base. One thread at a time.
final class ConvertPlan {
  /// Longest piece of data.
  static final int MAX_DATA = 2 << 20;

  /// Longest piece of anything; a sector below what a signed 32-bit number holds.
  private static final long MAX_PIECE = Integer.MAX_VALUE & -512L;

  /// What is to be done with a piece.
  enum Kind {
    DATA,
    ZERO,
    /// Nothing: the base of the target answers.
    BASE
  }

  record Piece(long at, long length, Kind kind) {}

  private final Sources sources;
  private final ConvertOptions options;

  /// Compressed clusters are written whole; 1 where nothing is compressed.
  private final int unit;

  private final int maxData;

  private long at;
  private long statusEnd;
  private Kind kind = Kind.DATA;

  ConvertPlan(Sources sources, ConvertOptions options, int targetCluster) {
    this.sources = sources;
    this.options = options;
    this.unit = options.compressed() ? targetCluster : 1;
    this.maxData = options.compressed() ? Math.max(MAX_DATA / 2, unit) : MAX_DATA;
  }

  /// The next piece, null at the end.
  @Nullable Piece next() throws IOException {
    long total = sources.total();
    if (at >= total) {
      return null;
    }
    long length = Math.min(total - at, MAX_PIECE);
    boolean behindBase = false;
    if (options.overBase()) {
      // From the end of the base on, zeros need no writing.
      behindBase = at >= options.baseSize();
      length = behindBase ? length : Math.min(length, options.baseSize() - at);
    }
    if (statusEnd <= at) {
      ask(length, behindBase);
    }
    length = Math.min(length, statusEnd - at);
    if (kind == Kind.DATA) {
      length = Math.min(length, maxData);
    }
    if (unit > 1) {
      length = wholeClusters(length, total);
    }
    if (options.sparse() == 0 && kind == Kind.ZERO) {
      length = Math.min(length, maxData);
    }
    Piece piece = new Piece(at, length, kind);
    at += length;
    return piece;
  }

  private long wholeClusters(long length, long total) {
    if (length < unit) {
      kind = Kind.DATA;
      return Math.min(unit, total - at);
    }
    return length - length % unit;
  }

  private void ask(long maxLength, boolean behindBase) throws IOException {
    BlockStatus status = sources.status(at, maxLength, options.overBase());
    if (status == null) {
      kind = Kind.DATA;
      statusEnd = at + 512;
      return;
    }
    int index = sources.indexOf(at);
    long length = (status.length() + 511) & -512L;
    // Ending on a cluster of the source spares reading (and decoding) that cluster twice.
    long tail = (at - sources.startOf(index) + length) % sources.clusterSize(index);
    if (length > tail) {
      length -= tail;
    }
    if (status.zero()) {
      kind = behindBase ? Kind.BASE : Kind.ZERO;
    } else if (status.data()) {
      kind = Kind.DATA;
    } else {
      kind = options.overBase() ? Kind.BASE : Kind.DATA;
    }
    statusEnd = at + length;
  }
}
