// SPDX-License-Identifier: Apache-2.0
package io.varve.engine.internal;

import io.varve.engine.DiskAddress;
import io.varve.engine.NotFoundException;
import io.varve.engine.ProblemCode;
import io.varve.engine.Space;
import io.varve.engine.catalog.DiskRow;
import io.varve.engine.catalog.LayerRow;
import io.varve.engine.model.PoolSpace;
import io.varve.engine.model.SpaceAccount;
import io.varve.engine.model.SpaceView;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Accounts of who holds which space. Takes no lock: whoever deletes or merges meanwhile makes
/// figures of before or after, or a layer that cannot be read.
final class SpaceImpl implements Space {
  private final Parts parts;
  private final LayerSpaces spaces = new LayerSpaces();

  SpaceImpl(Parts parts) {
    this.parts = parts;
  }

  @Override
  public List<SpaceAccount> family(DiskAddress disk) {
    return Problems.guard(() -> {
      Resolver.Found found = parts.resolver().disk(disk.diskOnly());
      SpaceTree tree = tree(found.site(), found.disk().family());
      return accounts(tree, tree.sweep(-1));
    });
  }

  @Override
  public SpaceAccount show(DiskAddress address) {
    return Problems.guard(() -> {
      Resolver.Found found = parts.resolver().disk(address.diskOnly());
      SpaceTree tree = tree(found.site(), found.disk().family());
      String name = address.snapshot();
      String full = name == null ? found.address() : found.address() + "@" + name;
      int node = tree.find(full);
      if (node < 0 || !tree.known(tree.nodes().get(node))) {
        throw new NotFoundException(
            ProblemCode.SNAPSHOT_NOT_FOUND,
            "what '" + full + "' takes cannot be read: it is not there, or one of its files is not",
            "List the snapshots of the disk; 'disk show' says what is wrong with its files.");
      }
      SpaceSweep sweep = tree.sweep(node);
      Set<String> sharers = new TreeSet<>();
      sweep.sharing.stream()
          .mapToObj(i -> tree.nodes().get(i).address())
          .filter(Objects::nonNull)
          .forEach(sharers::add);
      return account(tree, sweep, node, full, new FreedByDelete(parts, tree), List.copyOf(sharers));
    });
  }

  @Override
  public PoolSpace pool(String name) {
    return Problems.guard(() -> {
      PoolSite site = parts.resolver().pool(name);
      Set<UUID> families = new LinkedHashSet<>();
      List<DiskRow> disks = parts.context().read(tx -> tx.disksOfPool(site.row().id()));
      disks.forEach(disk -> families.add(disk.family()));
      parts
          .context()
          .read(tx -> tx.layersOfPool(site.row().id()))
          .forEach(layer -> families.add(layer.family()));
      Totals totals = new Totals();
      for (UUID family : families) {
        SpaceTree tree = tree(site, family);
        SpaceSweep sweep = tree.sweep(-1);
        totals.add(tree, sweep, accounts(tree, sweep));
      }
      totals.nodes.sort(Comparator.comparing(SpaceAccount::address));
      return totals.of(name, disks.stream().mapToLong(DiskRow::size).sum());
    });
  }

  private SpaceTree tree(PoolSite site, UUID id) {
    Family family = parts.context().read(tx -> Family.read(tx, id));
    List<LayerRow> layers = parts.context().read(tx -> tx.layersOfFamily(id));
    return SpaceTree.of(site, family, layers, spaces);
  }

  private List<SpaceAccount> accounts(SpaceTree tree, SpaceSweep sweep) {
    List<SpaceAccount> accounts = new ArrayList<>();
    FreedByDelete freed = new FreedByDelete(parts, tree);
    for (int i = 0; i < tree.nodes().size(); i++) {
      SpaceTree.Node node = tree.nodes().get(i);
      String address = node.address();
      if (address != null && tree.known(node)) {
        accounts.add(account(tree, sweep, i, address, freed, null));
      }
    }
    accounts.sort(Comparator.comparing(SpaceAccount::address));
    return accounts;
  }

  private static SpaceAccount account(
      SpaceTree tree,
      SpaceSweep sweep,
      int index,
      String address,
      FreedByDelete freed,
      @Nullable List<String> sharers) {
    SpaceTree.Node node = tree.nodes().get(index);
    SpaceView own = node.space();
    boolean inside = node.inside() != null;
    return new SpaceAccount(
        address,
        node.size(),
        sweep.referenced[index] + (inside ? own.dataBytes() : 0),
        sweep.exclusive[index] + (inside ? own.allocatedBytes() : 0),
        sharers,
        own.indexBytes(),
        own.allocatedBytes(),
        freed.of(node));
  }

  /// Sums over a pool.
  private static final class Totals {
    private final List<SpaceAccount> nodes = new ArrayList<>();
    private long data;
    private long shared;
    private long dead;
    private long index;
    private long allocated;
    private int unread;

    void add(SpaceTree tree, SpaceSweep sweep, List<SpaceAccount> accounts) {
      nodes.addAll(accounts);
      shared += sweep.shared;
      unread += tree.unread();
      for (int i = 0; i < tree.nodes().size(); i++) {
        SpaceTree.Node node = tree.nodes().get(i);
        dead += sweep.dead[i];
        if (node.inside() == null) {
          data += node.space().dataBytes();
          index += node.space().indexBytes();
          allocated += node.space().allocatedBytes();
        } else {
          data += node.space().allocatedBytes();
        }
      }
    }

    PoolSpace of(String pool, long virtual) {
      return new PoolSpace(
          pool, virtual, data, shared, dead, index, allocated, unread, List.copyOf(nodes));
    }
  }
}
