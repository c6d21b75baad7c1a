// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.Below;
import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.LayerExtent;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.op.MergedLayers.Answer;
import io.varve.image.qcow2.Qcow2Intake;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A merge of layers of one cluster size, cluster by cluster: data is shared or copied by the
/// kernel, compressed clusters stay compressed. Any of the layers can be the keeper: the uppermost
/// takes what the others hold (a merge *up*), a lower one what those above it hold (*down*).
///
/// Compressed clusters come in a second walk, when the keeper's file grows by nothing else, so that
/// they are packed without gaps.
public final class ClusterMerge implements LayerMerge {
  private static final long PIECE = 4 << 20;
  private static final long ZERO_PIECE = 1 << 30;

  private final MergedLayers layers;
  private final int keeper;
  private final long beneath;
  private final Qcow2Layer target;
  private final Qcow2Intake intake;
  private final long cluster;
  private final long size;

  private enum Action {
    COPY,
    COMPRESSED,
    /// A compressed cluster of another method: decoded, and written plain.
    DECODE,
    ZERO
  }

  private record Piece(long at, long length, Action action, int holder, long host) {
    long end() {
      return at + length;
    }
  }

  private ClusterMerge(List<Qcow2Layer> topFirst, int keeper, long beneath) {
    this.layers = new MergedLayers(topFirst);
    this.keeper = keeper;
    this.beneath = beneath;
    this.target = topFirst.get(keeper);
    this.intake = new Qcow2Intake(target);
    this.cluster = target.clusterSize();
    this.size = layers.size();
  }

  /// @param topFirst for which [#possible] holds; the keeper is open for writing if the merge is
  ///   run
  /// @param keeper index of the layer that stays, for which [#canKeep] holds
  /// @param beneath size of the disk beneath all of them, 0 if there is none
  public static ClusterMerge of(List<Qcow2Layer> topFirst, int keeper, long beneath) {
    return new ClusterMerge(List.copyOf(topFirst), keeper, beneath);
  }

  /// True if these layers can be merged cluster by cluster: one cluster size, no subclusters, no
  /// encryption, data in their own files, and no end within a cluster that another layer goes on
  /// in.
  public static boolean possible(List<Qcow2Layer> topFirst) throws IOException {
    Qcow2Layer top = topFirst.getFirst();
    for (Qcow2Layer layer : topFirst) {
      boolean fits =
          Qcow2Intake.compatible(top, layer)
              && (layer.size() == top.size() || layer.size() % layer.clusterSize() == 0);
      if (!fits) {
        return false;
      }
    }
    return top.info().version() >= 3;
  }

  /// True if a layer of such a run can be the keeper. One that is not the uppermost takes that
  /// one's place, and so must be of its size and have nothing of its own that shows or goes on
  /// counting.
  public static boolean canKeep(List<Qcow2Layer> topFirst, int index) throws IOException {
    Qcow2Layer layer = topFirst.get(index);
    Qcow2Layer top = topFirst.getFirst();
    return index == 0
        || (layer.size() == top.size()
            && layer.info().version() >= 3
            && layer.info().snapshots() == 0
            && layer.bitmaps().list().isEmpty()
            && top.bitmaps().list().isEmpty());
  }

  /// Which layer to keep, so that the fewest bytes move: the one that answers for most of the data.
  /// Compressed clusters go up only, where a file that nothing is taken from packs them densely.
  public static int cheapestKeeper(List<Qcow2Layer> topFirst) throws IOException {
    MergedLayers layers = new MergedLayers(topFirst);
    long[] held = new long[topFirst.size()];
    int lowest = topFirst.size() - 1;
    long end = layers.size();
    for (long at = 0; at < end; ) {
      Answer answer = layers.at(at, end - at, 0);
      int holder = answer.holder();
      if (answer.kind() == ExtentKind.DATA) {
        held[holder] += answer.length();
      } else if (answer.kind() == ExtentKind.COMPRESSED) {
        held[holder] += Qcow2Intake.compressedBytes(GuestOffset.of(at), topFirst.get(holder));
        lowest = Math.min(lowest, holder);
      }
      at += answer.length();
    }
    int best = 0;
    for (int i = 1; i <= lowest; i++) {
      best = held[i] > held[best] && canKeep(topFirst, i) ? i : best;
    }
    return best;
  }

  /// The next stretch from `from` on that has to be moved or zeroed, null where none follows.
  private @Nullable Piece next(long from) throws IOException {
    for (long at = from; at < size; ) {
      Answer answer = layers.at(at, size - at, 0);
      Piece piece =
          answer.holder() == MergedLayers.NOBODY || answer.holder() == keeper
              ? null
              : answer.zero() ? zeroPiece(at, answer) : dataPiece(at, answer);
      if (piece != null) {
        return piece;
      }
      at += answer.zero() ? passed(at, answer) : answer.length();
    }
    return null;
  }

  private Piece dataPiece(long at, Answer answer) throws IOException {
    if (answer.kind() == ExtentKind.DATA) {
      return new Piece(
          at, Math.min(answer.length(), PIECE), Action.COPY, answer.holder(), answer.host());
    }
    boolean sameMethod =
        layers
            .topFirst()
            .get(answer.holder())
            .info()
            .compressionType()
            .equals(target.info().compressionType());
    Action action = sameMethod ? Action.COMPRESSED : Action.DECODE;
    return new Piece(at, answer.length(), action, answer.holder(), -1);
  }

  /// Zeros have to be stated where the keeper, or what lies beneath, would show something else.
  private @Nullable Piece zeroPiece(long at, Answer answer) throws IOException {
    LayerExtent own = own(at, Math.min(answer.length(), ZERO_PIECE));
    boolean shows =
        switch (own.kind()) {
          case DATA, COMPRESSED -> true;
          case ZERO, ZERO_ALLOCATED -> false;
          case NONE -> at < beneath;
        };
    return shows ? new Piece(at, own.length(), Action.ZERO, answer.holder(), -1) : null;
  }

  private long passed(long at, Answer answer) throws IOException {
    return answer.holder() == keeper
        ? answer.length()
        : own(at, Math.min(answer.length(), ZERO_PIECE)).length();
  }

  /// What the keeper itself holds; what it holds nothing for ends where the disk beneath ends, so
  /// that zeros are stated no further.
  private LayerExtent own(long at, long length) throws IOException {
    LayerExtent own = target.lookup(GuestOffset.of(at), length);
    long rest = Math.ceilDiv(beneath, cluster) * cluster - at;
    return own.kind() == ExtentKind.NONE && rest > 0 && rest < own.length()
        ? new LayerExtent(at, rest, own.kind(), own.hostOffset())
        : own;
  }

  @Override
  public MergeCost cost(long cursor) throws IOException {
    Growth growth = new Growth();
    long moved = 0;
    for (int pass = pass(cursor); pass < 2; pass++) {
      long start = pass == pass(cursor) ? cursor % span() : 0;
      for (Piece piece = next(start); piece != null; piece = next(piece.end())) {
        if (pass == 0) {
          growth.add(piece);
        }
        moved += inPass(piece, pass) ? weight(piece) : 0;
      }
    }
    return new MergeCost(moved, growth.bytes());
  }

  /// A cursor counts two walks over the disk, of this length each.
  private long span() {
    return size + 1;
  }

  private int pass(long cursor) {
    return (int) (cursor / span());
  }

  private static boolean inPass(Piece piece, int pass) {
    return (piece.action() == Action.COMPRESSED) == (pass == 1);
  }

  private long weight(Piece piece) throws IOException {
    return switch (piece.action()) {
      case COPY, DECODE -> Math.ceilDiv(piece.length(), cluster) * cluster;
      case COMPRESSED ->
          Qcow2Intake.compressedBytes(
              GuestOffset.of(piece.at()), layers.topFirst().get(piece.holder()));
      case ZERO -> 0;
    };
  }

  @Override
  public void run(long cursor, Listener listener) throws IOException {
    for (int pass = pass(cursor); pass < 2; pass++) {
      long start = pass == pass(cursor) ? cursor % span() : 0;
      for (Piece piece = next(start); piece != null; piece = next(piece.end())) {
        if (inPass(piece, pass)) {
          long bytes = weight(piece);
          long shared = move(piece);
          listener.moved(bytes, shared, pass * span() + piece.end());
        } else if (pass == 0) {
          intake.prepareTable(GuestOffset.of(piece.at()));
        }
      }
    }
  }

  /// Returns how many bytes are shared.
  private long move(Piece piece) throws IOException {
    GuestOffset at = GuestOffset.of(piece.at());
    Qcow2Layer holder = layers.topFirst().get(piece.holder());
    return switch (piece.action()) {
      case COPY -> intake.take(at, piece.length(), holder, piece.host());
      case COMPRESSED -> {
        intake.takeCompressed(at, holder);
        yield 0;
      }
      case DECODE -> {
        ByteBuffer data = ByteBuffer.allocate(Math.toIntExact(piece.length()));
        while (data.hasRemaining()) {
          holder.readHeld(GuestOffset.of(piece.at() + data.position()), data);
        }
        target.write(at, data.flip(), Below.NOTHING);
        yield 0;
      }
      case ZERO -> {
        target.zero(at, piece.length(), ZeroMode.UNMAP, Below.NOTHING);
        yield 0;
      }
    };
  }

  /// How much the keeper's file grows.
  private final class Growth {
    private final long perTable = Qcow2Intake.bytesPerTable(target);
    private long data;
    private long tables;
    private long packed;
    private long lastTable = -1;

    void add(Piece piece) throws IOException {
      for (long table = piece.at() / perTable; table * perTable < piece.end(); table++) {
        long at = Math.max(piece.at(), table * perTable);
        if (table != lastTable && !Qcow2Intake.hasTable(GuestOffset.of(at), target)) {
          tables++;
        }
        lastTable = table;
      }
      packed += piece.action() == Action.COMPRESSED ? weight(piece) : 0;
      for (long at = piece.at(); at < piece.end(); ) {
        LayerExtent own = target.lookup(GuestOffset.of(at), piece.end() - at);
        long bytes = Math.ceilDiv(own.length(), cluster) * cluster;
        boolean plain = piece.action() == Action.COPY || piece.action() == Action.DECODE;
        boolean has = own.kind() == ExtentKind.DATA || own.kind() == ExtentKind.ZERO_ALLOCATED;
        data += plain && !has ? bytes : !plain && has ? -bytes : 0;
        at = own.end();
      }
    }

    long bytes() {
      return data + tables * cluster + Math.ceilDiv(packed, cluster) * cluster;
    }
  }
}
