// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

/// Calls and bytes as the guest (or a script in its place) made them.
public record GuestIo(
    long reads, long readBytes, long writes, long writeBytes, long discards, long flushes) {
  public static final GuestIo NONE = new GuestIo(0, 0, 0, 0, 0, 0);

  public GuestIo plus(GuestIo o) {
    return new GuestIo(
        reads + o.reads,
        readBytes + o.readBytes,
        writes + o.writes,
        writeBytes + o.writeBytes,
        discards + o.discards,
        flushes + o.flushes);
  }
}
