// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.text.Table;
import io.varve.engine.DiskAddress;
import io.varve.engine.VarveException;
import io.varve.engine.model.PoolSpace;
import io.varve.engine.model.SpaceAccount;
import io.varve.engine.model.TreeNode;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Who holds which space, by address, as lists show it. What cannot be read has no account.
final class Accounts {
  static final Accounts NONE = new Accounts(List.of());

  private final Map<String, SpaceAccount> byAddress = new HashMap<>();

  private Accounts(List<SpaceAccount> accounts) {
    accounts.forEach(account -> byAddress.put(account.address(), account));
  }

  static Accounts ofFamily(Session session, DiskAddress disk) {
    try {
      return new Accounts(session.varve().space().family(disk));
    } catch (VarveException _) {
      // The view beside it says what is wrong.
      return NONE;
    }
  }

  static Accounts ofPools(Session session, Collection<String> pools) {
    Accounts all = new Accounts(List.of());
    for (String pool : pools) {
      try {
        all.byAddress.putAll(new Accounts(session.varve().space().pool(pool).nodes()).byAddress);
      } catch (VarveException _) {
        // As above.
      }
    }
    return all;
  }

  /// With whom it shares its data too; null where it cannot be told.
  static @Nullable SpaceAccount of(Session session, DiskAddress node) {
    try {
      return session.varve().space().show(node);
    } catch (VarveException _) {
      return null;
    }
  }

  @Nullable SpaceAccount of(String address) {
    return byAddress.get(address);
  }

  @Nullable SpaceAccount of(TreeNode node) {
    return of(node.name().isEmpty() ? node.disk() : node.disk() + "@" + node.name());
  }

  /// Lines of a table of facts.
  static void facts(Session session, Table facts, @Nullable SpaceAccount account) {
    if (account == null) {
      return;
    }
    facts.row(
        "reads",
        "%s of data: %s that nobody else reads, %s shared"
            .formatted(
                session.size(account.referencedBytes()),
                session.size(account.exclusiveBytes()),
                session.size(account.sharedBytes())));
    List<String> with = account.sharedWith();
    if (with != null && !with.isEmpty()) {
      facts.row("shares with", String.join(", ", with));
    }
    facts.row("if deleted", freed(session, account) + " back to the store");
  }

  static String freed(Session session, @Nullable SpaceAccount account) {
    return account == null || account.freedIfDeleted() < 0
        ? "-"
        : session.size(account.freedIfDeleted());
  }

  static @Nullable Object shape(@Nullable SpaceAccount account) {
    return account == null
        ? null
        : Shapes.shape()
            .with("virtualBytes", account.virtualBytes())
            .with("referencedBytes", account.referencedBytes())
            .with("exclusiveBytes", account.exclusiveBytes())
            .with("sharedBytes", account.sharedBytes())
            .with("sharedWith", account.sharedWith())
            .with("indexBytes", account.indexBytes())
            .with("allocatedBytes", account.allocatedBytes())
            .with(
                "freedIfDeletedBytes",
                account.freedIfDeleted() < 0 ? null : account.freedIfDeleted());
  }

  static Object shape(PoolSpace space) {
    return Shapes.shape()
        .with("virtualBytes", space.virtualBytes())
        .with("dataBytes", space.dataBytes())
        .with("sharedBytes", space.sharedBytes())
        .with("deadBytes", space.deadBytes())
        .with("indexBytes", space.indexBytes())
        .with("allocatedBytes", space.allocatedBytes())
        .with("unreadLayers", space.unread());
  }
}
