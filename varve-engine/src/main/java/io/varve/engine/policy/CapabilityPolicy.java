// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.policy;

import io.varve.engine.model.PoolKind;
import io.varve.engine.model.QuorumProfile;
import java.util.EnumMap;
import java.util.Map;

/// The rule that decides which verbs a pool has. A pure function: no clock, no store, no catalog.
///
/// | pool | votes | storage snapshot, fast clone | compute snapshot | full clone |
/// |---|---|---|---|---|
/// | virtual | one host | yes | no: storage snapshots are there | yes |
/// | virtual | quorum | yes | no: storage snapshots are there | yes |
/// | virtual | two, no quorum | no | yes | yes |
/// | external | any | no: nowhere to put layers | yes | yes |
///
/// Hosts vote; in the profile [QuorumProfile#QUORUM] witnesses vote too, in [QuorumProfile#STRICT]
/// they do not. Two hosts with two votes have no quorum: when they lose sight of each other,
/// neither knows which of them may change the shared metadata. One host alone needs none.
///
/// Listing, reverting and deleting what exists is never refused by this rule: there is no verb
/// without its inverse.
public final class CapabilityPolicy {
  private static final int ENOUGH_VOTES = 3;

  private CapabilityPolicy() {}

  /// The verdict on each verb.
  ///
  /// @param hosts that share the pool; 0 means this host alone
  /// @param witnesses that are recorded
  public static Map<Verb, Verdict> decide(
      PoolKind kind, QuorumProfile profile, int hosts, int witnesses) {
    Map<Verb, Verdict> verdicts = new EnumMap<>(Verb.class);
    for (Verb verb : Verb.values()) {
      verdicts.put(verb, decide(verb, kind, profile, hosts, witnesses));
    }
    return verdicts;
  }

  /// The verdict on one verb.
  public static Verdict decide(
      Verb verb, PoolKind kind, QuorumProfile profile, int hosts, int witnesses) {
    if (hosts < 0 || witnesses < 0) {
      throw new IllegalArgumentException(hosts + " hosts and " + witnesses + " witnesses");
    }
    return switch (verb) {
      case FULL_CLONE -> Verdict.allow("a full clone needs nothing but space");
      case STORAGE_SNAPSHOT, FAST_CLONE ->
          kind == PoolKind.EXTERNAL
              ? noPlaceForLayers(verb)
              : sharedMetadata(verb, profile, hosts, witnesses);
      case COMPUTE_SNAPSHOT ->
          kind == PoolKind.EXTERNAL
              ? Verdict.allow("external storage keeps snapshots inside the image")
              : computeOnVirtual(profile, hosts, witnesses);
    };
  }

  private static Verdict noPlaceForLayers(Verb verb) {
    return Verdict.refuse(
        "external storage is a place that Varve is only given: it cannot put the layer file of a "
            + verb.words()
            + " there",
        verb == Verb.FAST_CLONE
            ? "Make a full clone, or import the disk into a pool on virtual storage."
            : "Take a compute snapshot (--kind compute), or import the disk into a pool on virtual"
                + " storage.");
  }

  private static Verdict sharedMetadata(
      Verb verb, QuorumProfile profile, int hosts, int witnesses) {
    if (hasQuorum(profile, hosts, witnesses)) {
      return Verdict.allow("virtual storage with " + voters(profile, hosts, witnesses));
    }
    String join =
        profile == QuorumProfile.STRICT
            ? "Add a third host"
                + (witnesses > 0 ? ", or set the profile to quorum so that the witness counts" : "")
            : "Add a third host or a witness";
    String instead =
        verb == Verb.FAST_CLONE
            ? "make a full clone"
            : "take a compute snapshot with --kind compute";
    return Verdict.refuse(
        "a cluster of two hosts"
            + (profile == QuorumProfile.STRICT ? " (profile strict: witnesses do not count)" : "")
            + " has no quorum for shared metadata, which a "
            + verb.words()
            + " changes",
        join + ", or " + instead + ".");
  }

  private static Verdict computeOnVirtual(QuorumProfile profile, int hosts, int witnesses) {
    return hasQuorum(profile, hosts, witnesses)
        ? Verdict.refuse(
            "virtual storage keeps each state in a file of its own, which is deleted without a"
                + " trace",
            "Take a storage snapshot (--kind storage or auto).")
        : Verdict.allow(
            "a compute snapshot stays inside the one image and needs no shared metadata");
  }

  private static boolean hasQuorum(QuorumProfile profile, int hosts, int witnesses) {
    return hosts <= 1 || votes(profile, hosts, witnesses) >= ENOUGH_VOTES;
  }

  private static int votes(QuorumProfile profile, int hosts, int witnesses) {
    return hosts + (profile == QuorumProfile.QUORUM ? witnesses : 0);
  }

  private static String voters(QuorumProfile profile, int hosts, int witnesses) {
    if (hosts <= 1) {
      return "one host, which needs no quorum";
    }
    boolean counted = profile == QuorumProfile.QUORUM && witnesses > 0;
    return "a quorum of "
        + hosts
        + " hosts"
        + (counted ? " and " + witnesses + (witnesses == 1 ? " witness" : " witnesses") : "");
  }
}
