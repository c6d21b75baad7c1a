// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.image.chain.side.FamilyMap;
import io.varve.image.chain.side.FamilyMapWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Keeps the side files of a pool true to what the verbs do (docs/format/side-file.md). They save
/// time and nothing else: no method here throws, and a verb that has done its work has done it,
/// whatever becomes of them. What could not be noted is noticed by the next reader, because a file
/// is not as its record says.
///
/// Everything but [#of] and [#catchUp] is called under the family's exclusive lock.
final class SideMaps {
  /// Chains of fewer frozen layers are walked: that costs little, and holds QEMU's locks on all.
  static final int LEAST_DEPTH = 32;

  private static final String FOLDER = "index";

  /// A snapshot does not wait for more of the map than that, some 10 MiB; see
  /// [FamilyMapWriter#keep].
  private static final long MOST_PAGES = 2048;

  private final Context context;

  SideMaps(Context context) {
    this.context = context;
  }

  private static Path folder(PoolSite site) {
    return site.root().resolve(FOLDER);
  }

  /// The side file of a family; it may be missing.
  static FamilyMap of(PoolSite site, UUID family) {
    return new FamilyMap(folder(site), family, site.folder());
  }

  /// True if all files of a chain of frozen layers are as the side file says: much faster than to
  /// ask the catalog for one layer after the other. False says nothing.
  static boolean stands(PoolSite site, UUID family, UUID newest) {
    return site.virtual() && of(site, family).stands(newest);
  }

  private interface Work {
    void on(FamilyMapWriter writer) throws IOException;
  }

  private void write(PoolSite site, UUID family, Work work) {
    if (!site.virtual()) {
      return;
    }
    try (FamilyMapWriter writer = FamilyMapWriter.open(of(site, family), context::newId)) {
      work.on(writer);
    } catch (IOException | RuntimeException _) {
      // What is noted is noted in one piece or not at all.
    }
  }

  /// A layer was frozen. Notes it, if what lies beneath is noted; a longer chain that is not is
  /// left to [#keep].
  void frozen(PoolSite site, UUID family, UUID layer, @Nullable UUID parent) {
    write(
        site,
        family,
        writer -> {
          if (parent == null || writer.covers(parent)) {
            writer.keep(layer, MOST_PAGES);
          }
        });
  }

  /// Notes a whole chain of frozen layers, whatever it takes.
  void keep(PoolSite site, UUID family, UUID newest) {
    write(site, family, writer -> writer.keep(newest, Long.MAX_VALUE));
  }

  /// As [#keep], without the family's lock: takes it, if nobody has it.
  void catchUp(PoolSite site, UUID family, UUID newest) {
    try (PoolLocks.Held held = context.locks().tryExclusive(site, family)) {
      if (held != null) {
        keep(site, family, newest);
      }
    } catch (IOException _) {
      // A pool that nobody may write to has none.
    }
  }

  /// Layers were removed, or it is not known what became of them.
  void lost(PoolSite site, UUID family, List<UUID> layers) {
    write(
        site,
        family,
        writer -> {
          for (UUID layer : layers) {
            writer.gone(layer);
          }
        });
  }

  /// Begins a change of frozen layers that leaves what they hold as it is: looks whether what is
  /// kept of them is right now. Otherwise the end of the change would hide that it was not.
  Change before(PoolSite site, UUID family, List<UUID> layers) {
    boolean[] known = {false};
    write(
        site,
        family,
        writer -> {
          boolean all = true;
          for (UUID layer : layers) {
            all &= writer.knows(layer);
          }
          known[0] = all;
        });
    return new Change(this, site, family, known[0]);
  }

  /// A change of frozen layers.
  ///
  /// @param known what is kept of them was right when it began
  record Change(SideMaps maps, PoolSite site, UUID family, boolean known) {
    /// The header or the permissions of a layer were changed.
    void touched(UUID layer) {
      if (known) {
        maps.write(site, family, writer -> writer.changed(layer));
      }
    }

    /// Layers were merged into the uppermost of them.
    ///
    /// @param below those that are no more, the newest first
    void merged(List<UUID> below, UUID top) {
      maps.write(
          site,
          family,
          writer -> {
            if (known) {
              writer.merged(below, top);
              return;
            }
            writer.gone(top);
            for (UUID layer : below) {
              writer.gone(layer);
            }
          });
    }
  }

  /// Deletes all side files of a pool; under the lock of the whole pool.
  static void dropAll(PoolSite site) {
    if (!site.virtual()) {
      return;
    }
    try {
      FamilyMap.dropAll(folder(site));
    } catch (IOException _) {
      // Each is compared with its layers before it is used.
    }
  }
}
