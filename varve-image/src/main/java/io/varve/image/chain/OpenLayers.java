// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/// Holds the number of open layers of a chain under a bound, by a second-chance clock.
///
/// **Threads.** Any. Its lock is taken before that of a slot, never after.
final class OpenLayers {
  private final int most;
  private final List<LayerSlot> open = new ArrayList<>();
  private final AtomicInteger holds = new AtomicInteger();
  private int hand;

  OpenLayers(int most) {
    this.most = most;
  }

  /// Says that a slot's layer was opened; closes others where there are too many. The caller holds
  /// no slot's lock.
  synchronized void opened(LayerSlot slot) throws IOException {
    open.add(slot);
    int looks = 2 * open.size();
    while (open.size() > most && looks-- > 0 && holds.get() == 0) {
      hand = hand >= open.size() ? 0 : hand;
      LayerSlot next = open.get(hand);
      if (next != slot && !next.takeUsed() && next.closeForNow()) {
        open.remove(hand);
      } else {
        hand++;
      }
    }
  }

  /// Says that a slot's layer was closed for good.
  synchronized void closed(LayerSlot slot) {
    open.remove(slot);
  }

  /// From now on nothing is closed, whatever the bound, until [#release()]: for a reader whose
  /// layer was closed under it time and again.
  void hold() {
    holds.incrementAndGet();
  }

  void release() {
    holds.decrementAndGet();
  }

  /// How many layers are open now that may be closed.
  synchronized int count() {
    return open.size();
  }
}
