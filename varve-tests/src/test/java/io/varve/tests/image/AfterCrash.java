// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.Layer;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.testkit.GuestReader;
import io.varve.testkit.ReferenceDisk;
import io.varve.testkit.Stamp;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// What must hold of a layer that was opened after a crash.
final class AfterCrash {
  private static final int CHUNK = 1 << 16;
  private static final int SECTOR = 512;

  private AfterCrash() {}

  /// Each sector is as it was in one of the states. One that a write without a flush changed may be
  /// zero as well: the reference to a new cluster may reach the disk before what was written there.
  static void assertSectors(Layer layer, Below base, List<ReferenceDisk> states)
      throws IOException {
    GuestReader reader = GuestReader.of(layer, base);
    for (long at = 0; at < layer.size(); at += CHUNK) {
      int length = (int) Math.min(CHUNK, layer.size() - at);
      byte[] found = reader.bytes(at, length);
      if (!Arrays.equals(found, states.getLast().bytes(at, length))) {
        for (int i = 0; i < length; i += SECTOR) {
          assertSector(at + i, Arrays.copyOfRange(found, i, i + SECTOR), states);
        }
      }
    }
  }

  private static void assertSector(long at, byte[] found, List<ReferenceDisk> states) {
    for (ReferenceDisk state : states) {
      if (Arrays.equals(found, state.bytes(at, SECTOR))) {
        return;
      }
    }
    boolean changed = !Arrays.equals(first(states, at), states.getLast().bytes(at, SECTOR));
    if (changed && Arrays.equals(found, new byte[SECTOR])) {
      return;
    }
    List<String> allowed =
        states.stream().map(s -> Stamp.describe(s.bytes(at, SECTOR))).distinct().toList();
    throw new AssertionError(
        "the sector at 0x%x: expected one of %s, found %s"
            .formatted(at, allowed, Stamp.describe(found)));
  }

  private static byte[] first(List<ReferenceDisk> states, long at) {
    return states.getFirst().bytes(at, SECTOR);
  }

  static void assertSnapshots(Qcow2Layer layer, Below base, Map<String, ReferenceDisk> expected)
      throws IOException {
    for (Map.Entry<String, ReferenceDisk> entry : expected.entrySet()) {
      try (Layer view = layer.snapshots().view(entry.getKey())) {
        entry.getValue().assertMatches(GuestReader.of(view, base));
      } catch (AssertionError e) {
        throw new AssertionError("snapshot " + entry.getKey() + ": " + e.getMessage(), e);
      }
    }
  }

  /// It takes writes in old and new places, and keeps what lies around them.
  static void assertWritable(Qcow2Layer layer, Below base) throws IOException {
    GuestReader reader = GuestReader.of(layer, base);
    long size = layer.size();
    for (long at : new long[] {0, size / 3, size / 2 + 100, size - SECTOR}) {
      int length = (int) Math.min(1000, size - at);
      long from = Math.max(0, at - CHUNK / 2);
      int around = (int) Math.min(CHUNK, size - from);
      byte[] expected = reader.bytes(from, around);
      layer.write(GuestOffset.of(at), Stamp.data(at, length, 99_000_000), base);
      Stamp.data(at, length, 99_000_000).get(expected, (int) (at - from), length);
      if (!Arrays.equals(expected, reader.bytes(from, around))) {
        throw new AssertionError("a write at " + at + " changed what lies around it");
      }
    }
    layer.flush();
  }
}
