// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

/// Calls and bytes on the host, counted by the storage itself.
public record HostIo(
    long reads,
    long readBytes,
    long writes,
    long writeBytes,
    long flushes,
    long punches,
    long punchedBytes) {
  public static final HostIo NONE = new HostIo(0, 0, 0, 0, 0, 0, 0);

  public HostIo plus(HostIo o) {
    return new HostIo(
        reads + o.reads,
        readBytes + o.readBytes,
        writes + o.writes,
        writeBytes + o.writeBytes,
        flushes + o.flushes,
        punches + o.punches,
        punchedBytes + o.punchedBytes);
  }
}
