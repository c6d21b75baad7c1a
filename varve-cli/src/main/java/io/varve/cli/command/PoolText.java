// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.cli.text.Count;
import io.varve.cli.text.Table;
import io.varve.cli.text.Table.Column;
import io.varve.engine.model.PoolSpace;
import io.varve.engine.model.PoolView;
import io.varve.engine.model.StoreView;
import io.varve.engine.policy.Verb;
import io.varve.engine.policy.Verdict;
import java.util.ArrayList;
import java.util.List;

/// A pool in words.
final class PoolText {
  private PoolText() {}

  static List<String> lines(Session session, PoolView pool) {
    Table facts = new Table(Column.left(""), Column.left(""));
    facts.row("kind", Shapes.word(pool.kind()) + " storage");
    facts.row("path", pool.path());
    facts.row("members", members(pool));
    facts.row(
        "holds",
        "%s, %s, %s; %s on the host"
            .formatted(
                Count.of(pool.disks(), "disk"),
                Count.of(pool.snapshots(), "snapshot"),
                Count.of(pool.layers(), "layer"),
                session.size(pool.allocatedBytes())));
    StoreView store = pool.store();
    if (store != null) {
      facts.row(
          "store",
          "%s, %s free of %s"
              .formatted(
                  store.fileSystem(),
                  session.size(store.freeBytes()),
                  session.size(store.totalBytes())));
      facts.row("store can", abilities(store));
    }
    if (pool.problem() != null) {
      facts.row("problem", pool.problem());
    }
    List<String> lines = new ArrayList<>();
    lines.add("pool " + pool.name());
    lines.addAll(facts.forPeople("  "));
    lines.addAll(verbs(pool));
    return lines;
  }

  /// Who needs what lies in the pool.
  static List<String> space(Session session, PoolSpace space) {
    Table facts = new Table(Column.left(""), Column.left(""));
    facts.row("guests see", session.size(space.virtualBytes()) + " in all disks");
    facts.row(
        "data",
        "%s: %s read by several, %s by nobody any more"
            .formatted(
                session.size(space.dataBytes()),
                session.size(space.sharedBytes()),
                session.size(space.deadBytes())));
    facts.row("index", session.size(space.indexBytes()));
    if (space.unread() > 0) {
      facts.row("not counted", Count.of(space.unread(), "layer") + " that cannot be read");
    }
    return facts.forPeople("  ");
  }

  private static String abilities(StoreView store) {
    return String.join(
        ", ",
        able("punch holes", store.punch()),
        able("reflink", store.reflink()),
        able("O_DIRECT", store.directIo()),
        able("sparse files", store.sparse()),
        able("locks", store.locks()));
  }

  private static String able(String what, boolean yes) {
    return what + (yes ? ": yes" : ": no");
  }

  /// Who shares the pool, and who counts.
  static String members(PoolView pool) {
    String hosts = pool.hosts().isEmpty() ? "this host alone" : "hosts " + names(pool.hosts());
    String witnesses =
        pool.witnesses().isEmpty() ? "no witness" : "witness " + names(pool.witnesses());
    return "%s; %s; profile %s".formatted(hosts, witnesses, Shapes.word(pool.profile()));
  }

  private static String names(List<String> names) {
    return String.join(", ", names);
  }

  /// What the rule says of each verb; refused ones with reason and cure.
  static List<String> verbs(PoolView pool) {
    List<String> lines = new ArrayList<>();
    for (Verb verb : Verb.values()) {
      Verdict verdict = pool.verbs().get(verb);
      if (verdict == null) {
        continue;
      }
      lines.add(
          "  %-16s  %s: %s"
              .formatted(verb.words(), verdict.allowed() ? "yes" : "no", verdict.reason()));
      if (!verdict.allowed() && !verdict.cure().isEmpty()) {
        lines.add("  %-16s  cure: %s".formatted("", verdict.cure()));
      }
    }
    return lines;
  }
}
