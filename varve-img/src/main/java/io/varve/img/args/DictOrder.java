// SPDX-License-Identifier: Apache-2.0
package io.varve.img.args;

import java.util.Collection;
import java.util.List;

/// The order in which QEMU lists the keys of an object: that of a hash table of 512 buckets. It
/// shows in `json:` names, and in which of several wrong options is complained of.
public final class DictOrder {
  private static final int BUCKETS = 512;

  private DictOrder() {}

  /// The keys in that order.
  public static List<String> sorted(Collection<String> keys) {
    List<String> order = new java.util.ArrayList<>(keys);
    // A handful of keys: insertion keeps comparators out of the way of a quick start.
    for (int i = 1; i < order.size(); i++) {
      String key = order.get(i);
      int at = i - 1;
      while (at >= 0 && bucket(order.get(at)) > bucket(key)) {
        order.set(at + 1, order.get(at));
        at--;
      }
      order.set(at + 1, key);
    }
    return order;
  }

  /// The bucket of a key, by the hash of the Trivial Database.
  static int bucket(String key) {
    byte[] bytes = key.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    int value = 0x238f13af * bytes.length;
    for (int i = 0; i < bytes.length; i++) {
      value += (bytes[i] & 0xff) << (i * 5 % 24);
    }
    return Integer.remainderUnsigned(1103515243 * value + 12345, BUCKETS);
  }
}
