// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.UsageException;
import io.varve.engine.DiskAddress;
import io.varve.engine.Varve;
import io.varve.engine.model.DiskView;
import io.varve.engine.model.PoolView;
import java.util.List;
import java.util.stream.Collectors;

/// Where a new disk goes. Who has one pool need not name it.
///
/// @param pool its pool
/// @param name its name
record Target(String pool, String name) {
  /// The place of the one disk of that name; where there is none, as [#of].
  static Target orExisting(Varve varve, String text) {
    DiskAddress address = DiskAddress.parseDisk(text);
    List<String> pools =
        varve.disks().list(null).stream()
            .filter(disk -> disk.name().equals(address.disk()))
            .map(DiskView::pool)
            .toList();
    return pools.size() == 1 ? new Target(pools.getFirst(), address.disk()) : of(varve, text);
  }

  /// Reads `POOL/NAME`, or `NAME` where there is one pool only.
  ///
  /// @throws UsageException if the pool must be named
  static Target of(Varve varve, String text) {
    DiskAddress address = DiskAddress.parseDisk(text);
    if (address.pool() != null) {
      return new Target(address.pool(), address.disk());
    }
    List<PoolView> pools = varve.pools().list();
    if (pools.size() == 1) {
      return new Target(pools.getFirst().name(), address.disk());
    }
    if (pools.isEmpty()) {
      throw new UsageException(
          "there is no pool yet to put '%s' into".formatted(text),
          "make one first: varve pool create main FOLDER");
    }
    String names = pools.stream().map(PoolView::name).collect(Collectors.joining(", "));
    throw new UsageException(
        "'%s' names no pool, and there is more than one: %s".formatted(text, names),
        "write POOL/NAME, such as %s/%s".formatted(pools.getFirst().name(), address.disk()));
  }
}
