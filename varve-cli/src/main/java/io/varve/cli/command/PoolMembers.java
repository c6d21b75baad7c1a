// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.engine.Pools;
import io.varve.engine.model.PoolView;
import io.varve.engine.model.QuorumProfile;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// Who shares a pool. Two hosts have no majority when one is lost: until a third host or a witness
/// joins, the pool has no storage snapshots and no fast clones.
final class PoolMembers {
  private PoolMembers() {}

  /// One change of a pool's members.
  abstract static class Change extends Action {
    @Parameters(index = "0", paramLabel = "POOL")
    String pool = "";

    abstract PoolView apply(Pools pools);

    @Override
    void run(Session session) {
      PoolView after = apply(session.varve().pools());
      List<String> lines = new ArrayList<>();
      lines.add("pool %s: %s".formatted(pool, PoolText.members(after)));
      if (after.hosts().size() == 1) {
        lines.add(
            "  one host is recorded; if others share the pool, record each of them, this one too");
      }
      lines.addAll(PoolText.verbs(after));
      session.answer(Shapes.pool(after), lines);
    }
  }

  /// Adds a host.
  @Command(
      name = "add-host",
      description = {
        "Records a host that shares the pool; record every one, this host too. With two hosts and"
            + " no",
        "witness there is no quorum for shared metadata, and storage snapshots and fast clones are",
        "refused.",
      },
      footerHeading = "%nExample:%n",
      footer = "  varve pool add-host main host-2")
  static final class AddHost extends Change {
    @Parameters(index = "1", paramLabel = "HOST")
    String host = "";

    @Override
    PoolView apply(Pools pools) {
      return pools.addHost(pool, host);
    }
  }

  /// Removes a host.
  @Command(name = "remove-host", description = "Takes a host out of the pool's members.")
  static final class RemoveHost extends Change {
    @Parameters(index = "1", paramLabel = "HOST")
    String host = "";

    @Override
    PoolView apply(Pools pools) {
      return pools.removeHost(pool, host);
    }
  }

  /// Adds a witness.
  @Command(
      name = "add-witness",
      description = {
        "Records a witness of the pool. It holds no disks and votes with the hosts, so that two"
            + " hosts",
        "and a witness have a quorum. Under the profile 'strict' it does not count.",
      },
      footerHeading = "%nExample:%n",
      footer = "  varve pool add-witness main witness-1")
  static final class AddWitness extends Change {
    @Parameters(index = "1", paramLabel = "WITNESS")
    String witness = "";

    @Override
    PoolView apply(Pools pools) {
      return pools.addWitness(pool, witness);
    }
  }

  /// Removes a witness.
  @Command(name = "remove-witness", description = "Takes a witness out of the pool's members.")
  static final class RemoveWitness extends Change {
    @Parameters(index = "1", paramLabel = "WITNESS")
    String witness = "";

    @Override
    PoolView apply(Pools pools) {
      return pools.removeWitness(pool, witness);
    }
  }

  /// Sets who counts.
  @Command(
      name = "set-profile",
      description =
          "Sets who counts for a majority: quorum (hosts and witnesses) or strict (hosts).")
  static final class SetProfile extends Change {
    @Parameters(index = "1", paramLabel = "PROFILE", description = "quorum or strict")
    QuorumProfile profile = QuorumProfile.QUORUM;

    @Override
    PoolView apply(Pools pools) {
      return pools.setProfile(pool, profile);
    }
  }
}
