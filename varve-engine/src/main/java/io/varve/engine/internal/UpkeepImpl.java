// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.InvalidRequestException;
import io.varve.engine.Names;
import io.varve.engine.ProblemCode;
import io.varve.engine.RefusedException;
import io.varve.engine.Upkeep;
import io.varve.engine.model.AdoptReport;
import io.varve.engine.model.AdoptSpec;
import io.varve.engine.model.DoctorReport;
import io.varve.engine.model.DoctorSpec;
import io.varve.engine.policy.Verb;
import java.util.HashSet;
import java.util.Set;

/// Files that came by another way, or into disorder.
final class UpkeepImpl implements Upkeep {
  private final Parts parts;

  UpkeepImpl(Parts parts) {
    this.parts = parts;
  }

  @Override
  public AdoptReport adopt(AdoptSpec spec) {
    requireNames(spec);
    return Problems.guard(() -> {
      PoolSite site = parts.resolver().pool(spec.pool());
      if (!site.virtual()) {
        throw new RefusedException(
            ProblemCode.NOT_ALLOWED_HERE,
            "pool '" + site.row().name() + "' is external storage: each disk is one image there",
            "Adopt into a pool on virtual storage; one image alone is registered (disk register).");
      }
      site.requirePresent();
      AdoptScan scan = new AdoptScan(parts.context(), site, spec);
      AdoptPlan plan = scan.plan();
      if (plan.files().size() > plan.disks().size()) {
        Policy.require(parts.context(), site, Verb.STORAGE_SNAPSHOT);
      }
      if (spec.dryRun()) {
        parts.context().write(tx -> AdoptDisks.requireFree(tx, site, plan));
        return plan.report(site, scan.notes(), false);
      }
      parts
          .verbs()
          .inPool(
              site,
              plan.family(),
              () -> {
                parts.adopt().adopt(site, plan);
                return true;
              });
      return plan.report(site, scan.notes(), true);
    });
  }

  private static void requireNames(AdoptSpec spec) {
    Set<String> names = new HashSet<>();
    for (AdoptSpec.Top top : spec.disks()) {
      if (!names.add(Names.check("disk", top.name()))) {
        throw new InvalidRequestException(
            ProblemCode.INVALID_REQUEST, "the name '" + top.name() + "' is given to two disks", "");
      }
    }
    if (names.isEmpty()) {
      throw new InvalidRequestException(
          ProblemCode.INVALID_REQUEST, "there is no disk to adopt", "Name one and its file.");
    }
  }

  @Override
  public DoctorReport doctor(String pool, DoctorSpec spec) {
    return Problems.guard(() -> new Doctor(parts, parts.resolver().pool(pool), spec).run());
  }
}
