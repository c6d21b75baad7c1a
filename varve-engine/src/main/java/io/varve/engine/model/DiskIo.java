// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.model;

/// What a disk was asked for through Varve, and what that cost on the host, since the disk was made
/// or its counters were reset. Programs that open the file themselves are not counted.
public record DiskIo(GuestIo guest, HostIo host) {
  public static final DiskIo NONE = new DiskIo(GuestIo.NONE, HostIo.NONE);

  public DiskIo plus(DiskIo o) {
    return new DiskIo(guest.plus(o.guest), host.plus(o.host));
  }
}
