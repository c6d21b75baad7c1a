// SPDX-License-Identifier: Apache-2.0
package io.varve.image.chain;

import io.varve.image.chain.map.MapEntry;
import io.varve.image.chain.map.MapPage;
import io.varve.image.chain.map.PageBuilder;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// One state of the frozen part: which layers in which order, and what became of the slots of
/// earlier states. Immutable; a snapshot or a merge makes the next one, with the next epoch.
///
/// A place counts from the newest layer, 0; a slot number is for good. For each slot number there
/// is
///
/// - `asks`: the place from which to ask for what this slot held: its own; of a layer that was
///   merged, that of the layer which has its content now;
/// - `covers`: a page whose newest slot is this one knows the layers from this place on down.
///
/// A layer that took another's content gets a new slot: what the map says of the old one is asked
/// anew, page by page, when it is next used. A merge may copy more than the other held (whole
/// clusters), so pages older than the merge have the merged layer laid over what lies beneath it.
final class FrozenPath {
  private final LayerSlot[] newestFirst;
  private final int[] numbers;
  private final int[] asks;
  private final int[] covers;
  private final int[] mergedAt;
  private final int epoch;
  private final int oldestUsable;
  private final int firstDepth;
  private final LayerStack stack;
  private final boolean changing;

  private FrozenPath(
      LayerSlot[] newestFirst,
      int[] numbers,
      int[] asks,
      int[] covers,
      int[] mergedAt,
      int epoch,
      int oldestUsable,
      int firstDepth) {
    this.newestFirst = newestFirst;
    this.numbers = numbers;
    this.asks = asks;
    this.covers = covers;
    this.mergedAt = mergedAt;
    this.epoch = epoch;
    this.oldestUsable = oldestUsable;
    this.firstDepth = firstDepth;
    this.stack = new LayerStack(newestFirst, firstDepth);
    boolean any = false;
    for (LayerSlot slot : newestFirst) {
      any |= slot.changing();
    }
    this.changing = any;
  }

  /// Slots numbered from the root up.
  static FrozenPath of(LayerSlot[] newestFirst) {
    return of(newestFirst, 1, 0, 1);
  }

  private static FrozenPath of(
      LayerSlot[] newestFirst, int epoch, int oldestUsable, int firstDepth) {
    int count = newestFirst.length;
    if (count >= MapEntry.MAX_SLOTS) {
      throw new IllegalArgumentException("a chain of " + count + " layers");
    }
    int[] numbers = new int[count];
    int[] places = new int[count];
    for (int place = 0; place < count; place++) {
      numbers[place] = count - 1 - place;
      places[count - 1 - place] = place;
    }
    return new FrozenPath(
        newestFirst,
        numbers,
        places,
        places.clone(),
        new int[count],
        epoch,
        oldestUsable,
        firstDepth);
  }

  int length() {
    return newestFirst.length;
  }

  int epoch() {
    return epoch;
  }

  /// Depth in the chain of the layer at place 0.
  int firstDepth() {
    return firstDepth;
  }

  /// The same layers at another depth in the chain.
  FrozenPath at(int depth) {
    return new FrozenPath(newestFirst, numbers, asks, covers, mergedAt, epoch, oldestUsable, depth);
  }

  /// True if somebody may be changing one of the layers.
  boolean changing() {
    return changing;
  }

  LayerSlot slot(int place) {
    return newestFirst[place];
  }

  LayerStack stack() {
    return stack;
  }

  LayerSlot[] slots() {
    return newestFirst.clone();
  }

  /// Place of the layer to ask for what the slot with this number held.
  int place(int number) {
    return asks[number];
  }

  /// What the layers from a place on down are by themselves.
  FrozenPath from(int place) {
    return of(Arrays.copyOfRange(newestFirst, place, newestFirst.length));
  }

  int placeOf(LayerSlot slot) {
    return Arrays.asList(newestFirst).indexOf(slot);
  }

  /// The same layers, none of whose pages is of use any more: a file has changed.
  FrozenPath forgotten() {
    return of(newestFirst, epoch + 1, epoch + 1, firstDepth);
  }

  /// With a layer on top that freezes now.
  FrozenPath with(LayerSlot newest) {
    int number = asks.length;
    if (number + 1 >= MapEntry.MAX_SLOTS) {
      return of(spliced(0, 0, newest), epoch + 1, epoch + 1, firstDepth);
    }
    return new FrozenPath(
        spliced(0, 0, newest),
        spliced(numbers, 0, 0, number),
        withLast(moved(asks, 0, 1), 0),
        withLast(moved(covers, 0, 1), 0),
        spliced(mergedAt, 0, 0, 0),
        epoch + 1,
        oldestUsable,
        firstDepth);
  }

  /// Two neighbours have become one, which holds what both held.
  ///
  /// @param upper place of the newer of the two
  /// @param merged reads the file that is left
  FrozenPath merged(int upper, LayerSlot merged) {
    int number = asks.length;
    if (number + 1 >= MapEntry.MAX_SLOTS) {
      return of(spliced(upper, 2, merged), epoch + 1, epoch + 1, firstDepth);
    }
    // What asked from the lower one asks from the merged one; pages that end below it do not know
    // what came from the upper one.
    int[] nextAsks = moved(asks, upper + 1, -1);
    int[] nextCovers = covers.clone();
    for (int i = 0; i < covers.length; i++) {
      nextCovers[i] =
          covers[i] <= upper ? covers[i] : covers[i] == upper + 1 ? upper + 1 : covers[i] - 1;
    }
    return new FrozenPath(
        spliced(upper, 2, merged),
        spliced(numbers, upper, 2, number),
        withLast(nextAsks, upper),
        withLast(nextCovers, upper),
        spliced(mergedAt, upper, 2, epoch + 1),
        epoch + 1,
        oldestUsable,
        firstDepth);
  }

  /// Without the newest layer: the active one holds all that it held.
  FrozenPath withoutNewest() {
    int[] nextAsks = moved(asks, 1, -1);
    int[] nextCovers = moved(covers, 1, -1);
    return new FrozenPath(
        Arrays.copyOfRange(newestFirst, 1, newestFirst.length),
        Arrays.copyOfRange(numbers, 1, numbers.length),
        nextAsks,
        nextCovers,
        Arrays.copyOfRange(mergedAt, 1, mergedAt.length),
        epoch + 1,
        oldestUsable,
        firstDepth);
  }

  private LayerSlot[] spliced(int at, int without, LayerSlot added) {
    LayerSlot[] next = new LayerSlot[newestFirst.length - without + 1];
    System.arraycopy(newestFirst, 0, next, 0, at);
    next[at] = added;
    System.arraycopy(newestFirst, at + without, next, at + 1, newestFirst.length - at - without);
    return next;
  }

  private static int[] spliced(int[] from, int at, int without, int added) {
    int[] next = new int[from.length - without + 1];
    System.arraycopy(from, 0, next, 0, at);
    next[at] = added;
    System.arraycopy(from, at + without, next, at + 1, from.length - at - without);
    return next;
  }

  /// The places from `first` on, moved by `by`.
  private static int[] moved(int[] places, int first, int by) {
    int[] next = places.clone();
    for (int i = 0; i < next.length; i++) {
      next[i] += next[i] >= first ? by : 0;
    }
    return next;
  }

  private static int[] withLast(int[] places, int last) {
    int[] next = Arrays.copyOf(places, places.length + 1);
    next[places.length] = last;
    return next;
  }

  /// True if a page that was made for another state of this chain is a beginning for this one.
  boolean canUse(MapPage page) {
    return page.epoch() >= oldestUsable && page.top() < covers.length;
  }

  /// True if pages that somebody kept still speak of these layers.
  boolean sourceUsable() {
    return oldestUsable == 0;
  }

  /// The page with this number for this state.
  ///
  /// @param known made for an earlier state, or kept by somebody; null: all layers are asked
  MapPage make(long index, int unitBits, @Nullable MapPage known) throws IOException {
    int top = numbers[0];
    int covered = known == null ? newestFirst.length : covers[known.top()];
    if (known != null && covered == 0 && !mergedSince(known) && !mentionsGone(known)) {
      return known.at(epoch, top);
    }
    PageBuilder builder = new PageBuilder(index, unitBits, top);
    for (int place = 0; place < covered && !builder.full(); place++) {
      lay(builder, place, builder.start(), builder.end());
    }
    if (known != null) {
      builder.layPage(known, (_, from, to, entry) -> inherit(known, builder, from, to, entry));
    }
    return builder.build(epoch);
  }

  private boolean alive(int number) {
    int place = asks[number];
    return place < numbers.length && numbers[place] == number;
  }

  private boolean mentionsGone(MapPage page) {
    for (int unit = 0; unit < MapPage.UNITS; unit++) {
      if (gone(page.entry(unit))) {
        return true;
      }
    }
    // Words that are no entries may look like one of a slot that is gone: the page is then made
    // anew for nothing.
    for (int i = 0; i < page.runWords(); i++) {
      if (gone(page.runWord(i))) {
        return true;
      }
    }
    return false;
  }

  private boolean gone(long entry) {
    int kind = MapEntry.kind(entry);
    int slot = MapEntry.slot(entry);
    return kind != MapEntry.NONE && kind != MapEntry.MIXED && (slot >= asks.length || !alive(slot));
  }

  private boolean mergedSince(MapPage page) {
    for (int at : mergedAt) {
      if (at > page.epoch()) {
        return true;
      }
    }
    return false;
  }

  private boolean inherit(MapPage known, PageBuilder builder, long from, long to, long entry)
      throws IOException {
    boolean gone = gone(entry);
    boolean nobody = MapEntry.kind(entry) == MapEntry.NONE;
    int place = nobody ? newestFirst.length : asks[MapEntry.slot(entry)];
    for (int above = 0; above < place; above++) {
      if (mergedAt[above] > known.epoch()) {
        lay(builder, above, from, to);
      }
    }
    for (; gone && place < newestFirst.length && builder.nextOpen(from) < to; place++) {
      lay(builder, place, from, to);
    }
    return gone;
  }

  private void lay(PageBuilder builder, int place, long from, long to) throws IOException {
    for (int attempt = 0; ; attempt++) {
      try {
        builder.lay(newestFirst[place].layer(), numbers[place], from, to);
        return;
      } catch (ClosedChannelException e) {
        // Closed to make room for another, unless the slot has left the chain.
        if (attempt == FrozenLayers.TRIES) {
          throw e;
        }
      }
    }
  }
}
