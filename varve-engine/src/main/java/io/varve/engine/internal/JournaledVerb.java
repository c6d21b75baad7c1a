// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import java.io.IOException;

/// A verb of several steps. Its intent is in the journal before it touches a file; each step can be
/// repeated; its last change of the catalog deletes the intent.
interface JournaledVerb {
  /// As the journal spells it.
  String name();

  /// True if it makes a disk with a family of its own: nobody else's use of that family will ever
  /// come across its intent, so whoever makes something in the pool looks after it.
  default boolean makesFamily() {
    return false;
  }

  /// Finishes or undoes the verb by what the files say, and deletes the intent. Called under the
  /// lock of the family. May itself be cut short and called again.
  ///
  /// @param crashed true if the verb's program died; false if the verb just failed, or was stopped,
  ///   and should rather be undone than finished where both are possible
  void recover(PoolSite site, Intent intent, boolean crashed) throws IOException;
}
