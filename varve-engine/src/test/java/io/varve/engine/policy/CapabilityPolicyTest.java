// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.policy;

import static io.varve.engine.model.PoolKind.EXTERNAL;
import static io.varve.engine.model.PoolKind.VIRTUAL;
import static io.varve.engine.model.QuorumProfile.QUORUM;
import static io.varve.engine.model.QuorumProfile.STRICT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.engine.model.PoolKind;
import io.varve.engine.model.QuorumProfile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CapabilityPolicyTest {
  @ParameterizedTest
  @CsvSource({
    // kind, profile, hosts, witnesses: storage, compute, fast, full
    "VIRTUAL, QUORUM, 0, 0, true, false, true, true",
    "VIRTUAL, QUORUM, 1, 0, true, false, true, true",
    "VIRTUAL, QUORUM, 1, 1, true, false, true, true",
    "VIRTUAL, QUORUM, 2, 0, false, true, false, true",
    "VIRTUAL, QUORUM, 2, 1, true, false, true, true",
    "VIRTUAL, QUORUM, 3, 0, true, false, true, true",
    "VIRTUAL, QUORUM, 5, 2, true, false, true, true",
    "VIRTUAL, STRICT, 0, 0, true, false, true, true",
    "VIRTUAL, STRICT, 1, 0, true, false, true, true",
    "VIRTUAL, STRICT, 2, 0, false, true, false, true",
    "VIRTUAL, STRICT, 2, 1, false, true, false, true",
    "VIRTUAL, STRICT, 2, 9, false, true, false, true",
    "VIRTUAL, STRICT, 3, 0, true, false, true, true",
    "EXTERNAL, QUORUM, 0, 0, false, true, false, true",
    "EXTERNAL, QUORUM, 2, 0, false, true, false, true",
    "EXTERNAL, QUORUM, 3, 1, false, true, false, true",
    "EXTERNAL, STRICT, 2, 1, false, true, false, true",
    "EXTERNAL, STRICT, 4, 0, false, true, false, true",
  })
  void decidesEachVerb(
      PoolKind kind,
      QuorumProfile profile,
      int hosts,
      int witnesses,
      boolean storage,
      boolean compute,
      boolean fast,
      boolean full) {
    var verdicts = CapabilityPolicy.decide(kind, profile, hosts, witnesses);
    assertThat(verdicts).hasSize(Verb.values().length);
    assertThat(verdicts.get(Verb.STORAGE_SNAPSHOT).allowed()).isEqualTo(storage);
    assertThat(verdicts.get(Verb.COMPUTE_SNAPSHOT).allowed()).isEqualTo(compute);
    assertThat(verdicts.get(Verb.FAST_CLONE).allowed()).isEqualTo(fast);
    assertThat(verdicts.get(Verb.FULL_CLONE).allowed()).isEqualTo(full);
    for (Verdict verdict : verdicts.values()) {
      assertThat(verdict.reason()).isNotBlank().doesNotEndWith(".");
      assertThat(verdict.cure().isEmpty()).isEqualTo(verdict.allowed());
    }
  }

  @Test
  void namesBothCuresWhereTwoHostsHaveNoQuorum() {
    Verdict verdict = CapabilityPolicy.decide(Verb.STORAGE_SNAPSHOT, VIRTUAL, QUORUM, 2, 0);
    assertThat(verdict.reason()).contains("two hosts", "quorum");
    assertThat(verdict.cure()).contains("third host or a witness", "--kind compute");
  }

  @Test
  void tellsStrictUsersThatTheirWitnessDoesNotCount() {
    Verdict verdict = CapabilityPolicy.decide(Verb.FAST_CLONE, VIRTUAL, STRICT, 2, 1);
    assertThat(verdict.reason()).contains("strict");
    assertThat(verdict.cure()).contains("profile to quorum", "full clone");
    Verdict without = CapabilityPolicy.decide(Verb.FAST_CLONE, VIRTUAL, STRICT, 2, 0);
    assertThat(without.cure()).doesNotContain("witness");
  }

  @Test
  void refusesStorageSnapshotsOnExternalStorageWithAWayOut() {
    Verdict verdict = CapabilityPolicy.decide(Verb.STORAGE_SNAPSHOT, EXTERNAL, QUORUM, 3, 0);
    assertThat(verdict.cure()).contains("--kind compute", "import");
  }

  @Test
  void refusesNumbersThatCannotBe() {
    assertThatThrownBy(() -> CapabilityPolicy.decide(VIRTUAL, QUORUM, -1, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
