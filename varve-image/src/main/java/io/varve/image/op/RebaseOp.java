// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.WritableLayer;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.chain.Chain;
import io.varve.image.chain.LayersBelow;
import io.varve.image.op.StepException.Step;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.compress.ClusterEncoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Puts into the top layer what another base would not show, so that the disk reads the same over
/// that base (`qemu-img rebase`, the safe way). Only what the top layer does not hold and the two
/// bases show differently is copied, subcluster by subcluster.
///
/// The content of the disk does not change at any moment. Afterwards the caller names the new base
/// in the top layer's header.
public final class RebaseOp {
  private static final int PIECE = 2 << 20;

  private final Chain disk;
  private final WritableLayer top;
  private final @Nullable Chain oldBase;
  private final @Nullable Chain newBase;
  private final @Nullable StatusReader aboveShared;
  private final int sharedDepth;
  private final @Nullable ClusterEncoder encoder;
  private final StatusReader topStatus;
  private final BothBelow below;
  private final int align;
  private final byte[] older;
  private final byte[] newer;
  private long copied;
  private long zeroed;

  private RebaseOp(
      Chain disk, @Nullable Chain newBase, int sharedDepth, @Nullable ClusterEncoder encoder)
      throws IOException {
    this.disk = disk;
    this.top = (WritableLayer) disk.top();
    this.newBase = newBase;
    this.sharedDepth = sharedDepth;
    this.encoder = encoder;
    List<Layer> layers = disk.layers();
    this.oldBase = layers.size() > 1 ? Chain.of(layers.subList(1, layers.size())) : null;
    this.aboveShared = oldBase != null && sharedDepth > 0 ? new StatusReader(oldBase) : null;
    this.topStatus = new StatusReader(disk);
    this.below =
        new BothBelow(
            LayersBelow.from(disk, 1), newBase == null ? null : LayersBelow.from(newBase, 0));
    this.align = encoder != null ? top.clusterSize() : top.subclusterSize();
    this.older = new byte[PIECE + 2 * align];
    this.newer = new byte[PIECE + 2 * align];
  }

  /// Copies and flushes.
  ///
  /// @param disk over its present bases; its top layer takes the data
  /// @param newBase the base that it is to have, null for none
  /// @param sharedDepth depth at which `newBase` begins in `disk` itself, 0 if it is no part of it
  /// @param compress write compressed clusters; the top layer is a qcow2 image
  /// @throws StepException with side 0 for the old base (or the top layer itself) and 1 for the new
  /// @throws java.util.concurrent.CancellationException if the progress throws it
  public static PullResult rebase(
      Chain disk, @Nullable Chain newBase, int sharedDepth, boolean compress, Progress progress)
      throws IOException {
    try (ClusterEncoder encoder = compress ? ((Qcow2Layer) disk.top()).newEncoder() : null) {
      RebaseOp op = new RebaseOp(disk, newBase, sharedDepth, encoder);
      op.run(progress);
      disk.flush();
      return new PullResult(op.copied, op.zeroed);
    }
  }

  private void run(Progress progress) throws IOException {
    long size = disk.size();
    long at = 0;
    while (at < size) {
      at = step(at, Math.min(PIECE, size - at));
      progress.advance(at, size);
    }
  }

  /// Deals with a stretch at `at` and returns its end.
  private long step(long at, long most) throws IOException {
    BlockStatus own = status(topStatus, at, most);
    if (own.present()) {
      return own.end();
    }
    long length = own.length();
    if (aboveShared != null && at < oldSize()) {
      BlockStatus changed = changedAboveShared(aboveShared, at, Math.min(length, oldSize() - at));
      if (!changed.present() && !changed.zero()) {
        return changed.end();
      }
      length = changed.length();
    }
    // The bases may have smaller clusters: whole ones of the top layer need no copy on write.
    int unit = unitAt(at);
    long start = at - at % unit;
    long end = Math.min(disk.size(), Math.ceilDiv(at + length, unit) * unit);
    if (unit < align) {
      end = Math.min(end, at - at % align + align);
    }
    compare(start, (int) (end - start), unit);
    return end;
  }

  /// What is compared and written as one here: only a cluster that holds nothing at all can be
  /// written compressed.
  private int unitAt(long at) throws StepException {
    int subcluster = top.subclusterSize();
    if (align == subcluster) {
      return align;
    }
    long start = at - at % align;
    long whole = Math.min(align, disk.size() - start);
    BlockStatus status = status(topStatus, start, whole);
    return !status.present() && status.length() == whole ? align : subcluster;
  }

  private static BlockStatus status(StatusReader reader, long at, long most) throws StepException {
    try {
      return reader.above(1, at, most);
    } catch (IOException e) {
      throw new StepException(Step.STATUS, 0, at, e);
    }
  }

  private BlockStatus changedAboveShared(StatusReader reader, long at, long most)
      throws StepException {
    try {
      int layers = sharedDepth - 1;
      return layers == 0
          ? new BlockStatus(at, most, 0, false, false, false, false, -1, null)
          : reader.above(layers, at, most);
    } catch (IOException e) {
      throw new StepException(Step.STATUS, 0, at, e);
    }
  }

  private long oldSize() {
    return oldBase == null ? 0 : oldBase.size();
  }

  private void compare(long at, int length, int unit) throws IOException {
    read(oldBase, 0, at, older, length);
    read(newBase, 1, at, newer, length);
    int done = 0;
    while (done < length) {
      int run = Math.min(unit, length - done);
      boolean equal = alike(done, run);
      while (done + run < length) {
        int next = Math.min(unit, length - done - run);
        if (alike(done + run, next) != equal) {
          break;
        }
        run += next;
      }
      if (!equal) {
        write(at + done, done, run, unit == top.clusterSize());
      }
      done += run;
    }
  }

  private boolean alike(int from, int length) {
    return Arrays.equals(older, from, from + length, newer, from, from + length);
  }

  private static void read(@Nullable Chain from, int side, long at, byte[] into, int length)
      throws StepException {
    int inside = from == null ? 0 : Math.clamp(from.size() - at, 0, length);
    try {
      if (from != null && inside > 0) {
        from.read(GuestOffset.of(at), ByteBuffer.wrap(into, 0, inside));
      }
    } catch (IOException e) {
      throw new StepException(Step.READ, side, at, e);
    }
    Arrays.fill(into, inside, length, (byte) 0);
  }

  private void write(long at, int from, int length, boolean whole) throws StepException {
    try {
      if (at >= oldSize()) {
        top.zero(GuestOffset.of(at), length, ZeroMode.KEEP, below);
        zeroed += length;
        return;
      }
      if (encoder == null || !whole) {
        top.write(GuestOffset.of(at), ByteBuffer.wrap(older, from, length), below);
      } else {
        writeCompressed(encoder, at, from, length);
      }
      copied += length;
    } catch (IOException e) {
      throw new StepException(Step.WRITE, 0, at, e);
    }
  }

  private void writeCompressed(ClusterEncoder packer, long at, int from, int length)
      throws IOException {
    Qcow2Layer layer = (Qcow2Layer) top;
    byte[] packed = new byte[align];
    for (int done = 0; done < length; done += align) {
      int part = Math.min(align, length - done);
      byte[] cluster = new byte[align];
      System.arraycopy(older, from + done, cluster, 0, part);
      int packedLength = packer.encode(cluster, packed);
      GuestOffset where = GuestOffset.of(at + done);
      if (packedLength > 0) {
        layer.writeCompressed(where, packed, packedLength);
      } else {
        layer.write(where, ByteBuffer.wrap(cluster, 0, part), below);
      }
    }
  }

  /// What the top layer sees beneath it meanwhile: it still reads through the old base, but may not
  /// rely on zeros that the new one does not have.
  private record BothBelow(LayersBelow now, @Nullable LayersBelow next) implements Below {
    @Override
    public boolean isNothing() {
      return now.isNothing() && (next == null || next.isNothing());
    }

    @Override
    public void read(GuestOffset at, ByteBuffer dst) throws IOException {
      now.read(at, dst);
    }

    @Override
    public boolean readsAsZero(GuestOffset at, long length) throws IOException {
      return now.readsAsZero(at, length) && (next == null || next.readsAsZero(at, length));
    }
  }
}
