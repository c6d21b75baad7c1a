// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.LayerExtent;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;
import java.util.List;

/// Neighbouring layers read as one, by their indexes: who of them answers for a place.
///
/// @param topFirst the layers, the uppermost first
record MergedLayers(List<Qcow2Layer> topFirst) {
  /// Nobody of them holds anything.
  static final int NOBODY = -1;

  /// @param holder index of the layer that answers, or [#NOBODY]
  /// @param ended it answers with zeros because it ends before
  record Answer(int holder, ExtentKind kind, long length, long host, boolean ended) {
    boolean zero() {
      return kind == ExtentKind.ZERO || kind == ExtentKind.ZERO_ALLOCATED;
    }
  }

  long size() {
    return topFirst.getFirst().size();
  }

  /// @param first index of the uppermost layer that is asked
  Answer at(long position, long maxLength, int first) throws IOException {
    long length = maxLength;
    for (int i = first; i < topFirst.size(); i++) {
      Qcow2Layer layer = topFirst.get(i);
      long room = layer.size() - position;
      if (room <= 0) {
        return new Answer(i, ExtentKind.ZERO, length, -1, true);
      }
      LayerExtent extent = layer.lookup(GuestOffset.of(position), Math.min(length, room));
      length = extent.length();
      if (extent.kind() != ExtentKind.NONE) {
        return new Answer(i, extent.kind(), length, extent.hostOffset(), false);
      }
    }
    return new Answer(NOBODY, ExtentKind.NONE, length, -1, false);
  }
}
