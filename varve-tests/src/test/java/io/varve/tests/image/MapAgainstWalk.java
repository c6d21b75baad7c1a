// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.LayerExtent;
import io.varve.image.chain.map.FrozenMap;
import io.varve.image.chain.map.MapEntry;
import io.varve.image.chain.map.MapPage;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// Compares what a side file says of a chain with what its layers say, asked one after the other.
final class MapAgainstWalk implements AutoCloseable {
  /// Who answers for a guest address.
  ///
  /// @param slot of the layer, the root being 0; -1 for nobody
  /// @param host offset of the data, -1 where there is none
  private record Answer(int slot, ExtentKind kind, long host) {
    private static final Answer NOBODY = new Answer(-1, ExtentKind.NONE, -1);
  }

  private final FrozenMap map;
  private final List<Layer> rootFirst = new ArrayList<>();

  MapAgainstWalk(FrozenTree tree, FrozenTree.Node newest, FrozenMap map) throws IOException {
    this.map = map;
    for (FrozenTree.Node node : tree.rootFirst(newest)) {
      Qcow2Layer layer = tree.look(node);
      rootFirst.add(layer);
    }
  }

  void compare(RandomGenerator random, int places) throws IOException {
    assertThat(map.rootFirst()).hasSameSizeAs(rootFirst);
    for (int i = 0; i < rootFirst.size(); i++) {
      assertThat(map.rootFirst().get(i).path()).hasToString(rootFirst.get(i).name());
      assertThat(map.rootFirst().get(i).size()).isEqualTo(rootFirst.get(i).size());
    }
    long size = rootFirst.getLast().size();
    for (int i = 0; i < places; i++) {
      compare(i == 0 ? size - 512 : random.nextLong(size / 512) * 512);
    }
  }

  /// As [#compare], where pages may be unknown. Returns how many places were known.
  int compareKnown(RandomGenerator random, int places) throws IOException {
    long size = rootFirst.getLast().size();
    int known = 0;
    for (int i = 0; i < places; i++) {
      long at = random.nextLong(size / 512) * 512;
      if (map.pages().load((at >>> map.unitBits()) / MapPage.UNITS) != null) {
        compare(at);
        known++;
      }
    }
    return known;
  }

  private void compare(long at) throws IOException {
    Answer expected = walk(at, rootFirst.size() - 1);
    Answer found = mapped(at);
    assertThat(readable(found)).describedAs("at %#x", at).isEqualTo(readable(expected));
  }

  /// Zeros are zeros, whoever says so: behind the end of a layer nobody needs to know.
  private static Answer readable(Answer answer) {
    boolean zero = answer.kind == ExtentKind.NONE || answer.kind.readsAsZeroHere();
    return zero ? Answer.NOBODY : answer;
  }

  private Answer mapped(long at) throws IOException {
    long unit = at >>> map.unitBits();
    MapPage page = map.pages().load(unit / MapPage.UNITS);
    assertThat(page).describedAs("page of %#x", at).isNotNull();
    for (int slot = rootFirst.size() - 1; slot > page.top(); slot--) {
      Answer newer = ask(slot, at);
      if (newer.kind != ExtentKind.NONE) {
        return newer;
      }
    }
    long entry = page.entry((int) (unit % MapPage.UNITS));
    long inUnit = at - (unit << map.unitBits());
    if (MapEntry.kind(entry) == MapEntry.MIXED) {
      int pair = MapEntry.runs(entry) + 1;
      int last = pair + 2 * ((int) page.runWord(pair - 1) - 1);
      while (pair < last && page.runWord(pair + 2) <= inUnit) {
        pair += 2;
      }
      inUnit -= page.runWord(pair);
      entry = page.runWord(pair + 1);
    }
    return answer(MapEntry.advance(entry, inUnit), at);
  }

  private Answer answer(long entry, long at) throws IOException {
    int slot = MapEntry.slot(entry);
    return switch (MapEntry.kind(entry)) {
      case MapEntry.NONE -> Answer.NOBODY;
      case MapEntry.DATA -> new Answer(slot, ExtentKind.DATA, MapEntry.host(entry));
      case MapEntry.ZERO -> new Answer(slot, ExtentKind.ZERO, -1);
      case MapEntry.ZERO_ALLOCATED -> new Answer(slot, ExtentKind.ZERO_ALLOCATED, -1);
      case MapEntry.COMPRESSED -> ask(slot, at);
      case MapEntry.ASK -> walk(at, slot);
      default -> throw new AssertionError("entry " + Long.toHexString(entry));
    };
  }

  private Answer walk(long at, int newest) throws IOException {
    for (int slot = newest; slot >= 0; slot--) {
      Answer answer = ask(slot, at);
      if (answer.kind != ExtentKind.NONE) {
        return answer;
      }
    }
    return Answer.NOBODY;
  }

  private Answer ask(int slot, long at) throws IOException {
    Layer layer = rootFirst.get(slot);
    if (at >= layer.size()) {
      return new Answer(slot, ExtentKind.ZERO, -1);
    }
    LayerExtent extent = layer.lookup(GuestOffset.of(at), 512);
    return new Answer(
        slot, extent.kind(), extent.kind() == ExtentKind.DATA ? extent.hostOffset() : -1);
  }

  @Override
  public void close() throws IOException {
    for (Layer layer : rootFirst) {
      layer.close();
    }
    map.pages().close();
  }
}
