// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.EngineConfig;
import io.varve.engine.Varve;

/// The engine.
public final class Engine {
  private Engine() {}

  public static Varve open(EngineConfig config) {
    throw new IllegalStateException("the engine on " + config.home() + " is being written");
  }
}
