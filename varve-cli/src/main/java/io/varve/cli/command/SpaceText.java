// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.command;

import io.varve.engine.model.SpaceView;

/// The two parts of a layer in words: the data that it holds and the index that says where.
final class SpaceText {
  private SpaceText() {}

  static String line(Session session, SpaceView space) {
    return "%s data, %s index; %s on the host"
        .formatted(
            session.size(space.dataBytes()),
            session.size(space.indexBytes()),
            session.size(space.allocatedBytes()));
  }
}
