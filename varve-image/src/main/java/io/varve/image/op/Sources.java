// SPDX-License-Identifier: Apache-2.0
package io.varve.image.op;

import io.varve.image.GuestOffset;
import io.varve.image.chain.Chain;
import io.varve.image.op.StepException.Step;
import io.varve.image.storage.Zeros;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Several disks, one behind the other, read as one.
final class Sources {
  private static final int SECTOR = 512;

  private final List<Chain> disks;
  private final StatusReader[] readers;
  private final long[] starts;
  private final @Nullable Salvage salvage;

  Sources(List<Chain> disks, @Nullable Salvage salvage) {
    this.disks = disks;
    this.salvage = salvage;
    this.readers = new StatusReader[disks.size()];
    this.starts = new long[disks.size() + 1];
    for (int i = 0; i < disks.size(); i++) {
      readers[i] = new StatusReader(disks.get(i));
      starts[i + 1] = Math.addExact(starts[i], disks.get(i).size());
    }
  }

  long total() {
    return starts[disks.size()];
  }

  List<Chain> disks() {
    return disks;
  }

  /// The disk that holds this offset.
  int indexOf(long at) {
    int index = 0;
    while (at >= starts[index + 1]) {
      index++;
    }
    return index;
  }

  long startOf(int index) {
    return starts[index];
  }

  int clusterSize(int index) {
    return disks.get(index).top().clusterSize();
  }

  /// What lies at this offset, within one disk; null where that cannot be told and is to be read
  /// sector by sector.
  ///
  /// @param topOnly bases of the source do not count
  @Nullable BlockStatus status(long at, long maxLength, boolean topOnly) throws StepException {
    int index = indexOf(at);
    long length = Math.min(maxLength, starts[index + 1] - at);
    while (true) {
      try {
        long inside = at - starts[index];
        return topOnly
            ? readers[index].above(1, inside, length)
            : readers[index].at(inside, length);
      } catch (IOException e) {
        StepException failure = new StepException(Step.STATUS, index, at - starts[index], e);
        if (salvage == null) {
          throw failure;
        }
        if (length <= SECTOR) {
          salvage.lost(failure);
          return null;
        }
        length = Math.ceilDiv(length / SECTOR, 4) * SECTOR;
      }
    }
  }

  /// Fills `into`, which may cross from disk to disk.
  void read(long at, ByteBuffer into) throws StepException {
    long position = at;
    while (into.hasRemaining()) {
      int index = indexOf(position);
      int length = (int) Math.min(into.remaining(), starts[index + 1] - position);
      readWithin(index, position - starts[index], into.slice(into.position(), length), at);
      into.position(into.position() + length);
      position += length;
    }
  }

  private void readWithin(int index, long inside, ByteBuffer into, long at) throws StepException {
    try {
      disks.get(index).read(GuestOffset.of(inside), into);
    } catch (IOException e) {
      if (salvage == null) {
        throw new StepException(Step.READ, index, at, e);
      }
      int length = into.capacity();
      if (length > SECTOR) {
        for (int done = 0; done < length; done += SECTOR) {
          ByteBuffer sector = into.slice(done, Math.min(SECTOR, length - done));
          readWithin(index, inside + done, sector, at);
        }
        return;
      }
      Zeros.fill(into.clear());
      salvage.lost(new StepException(Step.READ, index, inside, e));
    }
  }
}
