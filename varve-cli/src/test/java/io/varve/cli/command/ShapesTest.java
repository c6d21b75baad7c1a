// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.cli.text.Json;
import io.varve.engine.model.DeleteOutcome;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The shapes are a promise: what changes here breaks scripts.
class ShapesTest {
  @Test
  void aDisk() {
    assertThat(Json.of(Shapes.disk(Views.disk("shop", 3, "tuesday"))))
        .isEqualToIgnoringNewLines(
            """
            {
              "id" : "%s",
              "pool" : "main",
              "name" : "shop",
              "poolKind" : "virtual",
              "format" : "qcow2",
              "size" : 1073741824,
              "file" : "/srv/varve/layers/shop.qcow2",
              "depth" : 2,
              "snapshots" : 3,
              "parent" : "tuesday",
              "changedSinceParent" : true,
              "clonedFrom" : null,
              "created" : "2026-03-01T10:20:30Z",
              "space" : {
                "dataBytes" : 1048576,
                "indexBytes" : 196608,
                "fileBytes" : 1310720,
                "allocatedBytes" : 1245184
              },
              "problem" : null
            }\
            """
                .formatted(Views.id("shop")));
  }

  @Test
  void aDeletion() {
    DeleteOutcome outcome =
        new DeleteOutcome(
            DeleteOutcome.How.FREED_IN_FILE,
            0,
            0,
            4096,
            4096,
            true,
            0,
            List.of(),
            List.of("a note"));
    assertThat(Json.of(Shapes.deletion("main/shop@monday", outcome)))
        .isEqualToIgnoringNewLines(
            """
            {
              "deleted" : "main/shop@monday",
              "how" : "freed-in-file",
              "freedBytes" : 0,
              "movedBytes" : 0,
              "freedInFileBytes" : 4096,
              "punchedBytes" : 4096,
              "storeCanPunch" : true,
              "collectedLayers" : 0,
              "jobs" : [ ],
              "notes" : [ "a note" ]
            }\
            """);
  }
}
