// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.ExtentKind;
import io.varve.image.GuestOffset;
import io.varve.image.LayerExtent;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.chain.Chain;
import io.varve.image.chain.LayersBelow;
import io.varve.image.op.MergedLayers.Answer;
import io.varve.image.qcow2.Qcow2Intake;
import io.varve.image.qcow2.Qcow2Layer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A merge up of layers of any shape: the uppermost takes what the others hold, in units of its own
/// smallest part (a subcluster, else a cluster). A unit of which they hold a part is filled with
/// what the disk shows there.
public final class UnitMerge implements LayerMerge {
  private static final int PIECE = 1 << 20;
  private static final long ZERO_PIECE = 1 << 30;

  private final Chain chain;
  private final MergedLayers layers;
  private final Qcow2Layer target;
  private final LayersBelow below;
  private final long beneath;
  private final long unit;
  private final long size;

  private record Piece(long at, long length, boolean zero) {
    long end() {
      return at + length;
    }
  }

  private UnitMerge(Chain chain, List<Qcow2Layer> topFirst, long beneath) {
    this.chain = chain;
    this.layers = new MergedLayers(topFirst);
    this.target = topFirst.getFirst();
    this.below = LayersBelow.from(chain, 1);
    this.beneath = beneath;
    this.unit = target.subclusterSize();
    this.size = layers.size();
  }

  /// @param chain the whole disk; its first layer is the keeper
  /// @param topFirst the layers to merge, the first ones of the chain
  /// @param beneath size of the disk beneath all of them, 0 if there is none
  public static UnitMerge of(Chain chain, List<Qcow2Layer> topFirst, long beneath) {
    return new UnitMerge(chain, List.copyOf(topFirst), beneath);
  }

  private @Nullable Piece next(long from) throws IOException {
    for (long at = from; at < size; ) {
      LayerExtent own = target.lookup(GuestOffset.of(at), size - at);
      if (own.kind() != ExtentKind.NONE) {
        at = own.end();
        continue;
      }
      Answer answer = layers.at(at, own.length(), 1);
      long rest = size - at;
      long whole = answer.length() == rest ? rest : answer.length() / unit * unit;
      boolean needed = answer.holder() != MergedLayers.NOBODY && (!answer.zero() || at < beneath);
      if (whole == 0 || (needed && !answer.zero())) {
        // Data, or a unit that is not uniform.
        long length = Math.ceilDiv(Math.min(answer.length(), PIECE), unit) * unit;
        return new Piece(at, Math.min(rest, Math.min(own.length(), length)), false);
      }
      if (needed) {
        return new Piece(at, Math.min(whole, ZERO_PIECE), true);
      }
      at += whole;
    }
    return null;
  }

  @Override
  public MergeCost cost(long cursor) throws IOException {
    Growth growth = new Growth();
    long moved = 0;
    for (Piece piece = next(cursor); piece != null; piece = next(piece.end())) {
      moved += weight(piece);
      growth.add(piece);
    }
    return new MergeCost(moved, growth.bytes);
  }

  private long weight(Piece piece) {
    return piece.zero() ? 0 : Math.ceilDiv(piece.length(), unit) * unit;
  }

  @Override
  public void run(long cursor, Listener listener) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate((int) Math.max(PIECE, unit));
    for (Piece piece = next(cursor); piece != null; piece = next(piece.end())) {
      GuestOffset at = GuestOffset.of(piece.at());
      if (piece.zero()) {
        target.zero(at, piece.length(), ZeroMode.UNMAP, below);
      } else {
        chain.read(at, buffer.clear().limit((int) piece.length()));
        target.write(at, buffer.flip(), below);
      }
      listener.moved(weight(piece), 0, piece.end());
    }
  }

  /// How much the keeper's file grows: its index by whole tables, its data by the blocks of the
  /// host that are written, for a cluster of which only some parts hold data takes no more.
  private final class Growth {
    private static final long BLOCK = 4096;

    private final long perTable = Qcow2Intake.bytesPerTable(target);
    private final long cluster = target.clusterSize();
    private final long block = Math.min(BLOCK, cluster);
    private long bytes;
    private long lastTable = -1;
    private long lastBlock = -1;

    void add(Piece piece) throws IOException {
      for (long table = piece.at() / perTable; table * perTable < piece.end(); table++) {
        GuestOffset at = GuestOffset.of(Math.max(piece.at(), table * perTable));
        if (table != lastTable) {
          lastTable = table;
          bytes += Qcow2Intake.hasTable(at, target) ? 0 : cluster;
        }
      }
      long end = Math.ceilDiv(piece.end(), unit) * unit;
      for (long at = piece.at() / block; at * block < end && !piece.zero(); at++) {
        if (at != lastBlock) {
          lastBlock = at;
          bytes += holdsPart(at * block) ? 0 : block;
        }
      }
    }

    /// True if the keeper has data in this block already.
    private boolean holdsPart(long start) throws IOException {
      long end = Math.min(start + block, size);
      for (long at = start; at < end; ) {
        LayerExtent own = target.lookup(GuestOffset.of(at), end - at);
        if (own.kind() == ExtentKind.DATA) {
          return true;
        }
        at = own.end();
      }
      return false;
    }
  }
}
