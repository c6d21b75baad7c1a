// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.catalog.CatalogTx;
import io.varve.engine.catalog.MemberRow;
import io.varve.engine.catalog.PoolRow;
import io.varve.engine.policy.CapabilityPolicy;
import io.varve.engine.policy.Verb;
import io.varve.engine.policy.Verdict;
import java.util.List;
import java.util.Map;

/// Asks the capability rule about pools of the catalog.
final class Policy {
  private Policy() {}

  static Map<Verb, Verdict> verdicts(CatalogTx tx, PoolRow pool) {
    List<MemberRow> members = tx.members(pool.id());
    int hosts = count(members, MemberRow.Role.HOST);
    int witnesses = count(members, MemberRow.Role.WITNESS);
    return CapabilityPolicy.decide(pool.kind(), pool.profile(), hosts, witnesses);
  }

  private static int count(List<MemberRow> members, MemberRow.Role role) {
    return (int) members.stream().filter(m -> m.role() == role).count();
  }

  /// @throws RefusedException with the rule's reason and cure
  static void require(Context context, PoolSite site, Verb verb) {
    Verdict verdict = context.<Map<Verb, Verdict>>read(tx -> verdicts(tx, site.row())).get(verb);
    if (verdict == null || !verdict.allowed()) {
      String reason = verdict == null ? "there is no such verb" : verdict.reason();
      throw new RefusedException(
          ProblemCode.NOT_ALLOWED_HERE,
          "no " + verb.words() + " in pool '" + site.row().name() + "': " + reason,
          verdict == null ? "" : verdict.cure());
    }
  }
}
