// SPDX-License-Identifier: Apache-2.0
package io.varve.tests.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.image.Below;
import io.varve.image.GuestOffset;
import io.varve.image.WritableLayer.ZeroMode;
import io.varve.image.qcow2.DirtyBitmaps;
import io.varve.image.qcow2.DirtyBitmaps.DirtyRange;
import io.varve.image.qcow2.Qcow2Layer;
import io.varve.image.qcow2.Qcow2Options;
import io.varve.image.storage.FileAccess;
import io.varve.image.storage.FileStorage;
import io.varve.image.storage.LockMode;
import io.varve.testkit.QemuTools;
import io.varve.testkit.SeededTest;
import io.varve.testkit.Stamp;
import io.varve.testkit.ToolRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;

/// Bitmaps that both programs write by turns: each sees the bits that the other set, as the NBD
/// server of QEMU tells them.
class BitmapQemuIT {
  private static final Pattern CLEAN_OR_DIRTY =
      Pattern.compile("\"start\": (\\d+), \"length\": (\\d+),[^}]*\"data\": (true|false)");
  private static final int TURNS = 8;

  @TempDir Path folder;

  private static Qcow2Layer open(Path image) throws IOException {
    return Qcow2Layer.open(
        FileStorage.open(image, FileAccess.READ_WRITE, LockMode.WRITER), Qcow2Options.readWrite());
  }

  private static List<DirtyRange> ours(Path image, String bitmap) throws IOException {
    try (Qcow2Layer layer = open(image)) {
      List<DirtyRange> ranges = new ArrayList<>();
      DirtyBitmaps bitmaps = layer.bitmaps();
      for (DirtyRange r = bitmaps.next(bitmap, 0); r != null; r = bitmaps.next(bitmap, r.end())) {
        ranges.add(r);
      }
      return ranges;
    }
  }

  /// What an NBD client is told of the bitmap: it shows as a map of which the dirty parts are no
  /// data.
  private List<DirtyRange> qemus(Path image, String bitmap) throws IOException {
    Path socket = folder.resolve("nbd.sock");
    String script =
        """
        set -e
        qemu-nbd -r -f qcow2 -B "$2" -k "$3" --fork --pid-file="$3.pid" "$1"
        qemu-img map --output=json --image-opts \
          "driver=nbd,export=,server.type=unix,server.path=$3,x-dirty-bitmap=qemu:dirty-bitmap:$2"
        pid=$(cat "$3.pid"); while [ -e /proc/$pid/cwd ]; do sleep 0.01; done
        """;
    ToolRun run =
        ToolRun.of(List.of("sh", "-c", script, "-", image.toString(), bitmap, socket.toString()))
            .ok();
    List<DirtyRange> ranges = new ArrayList<>();
    Matcher extent = CLEAN_OR_DIRTY.matcher(run.out());
    while (extent.find()) {
      if (extent.group(3).equals("false")) {
        ranges.add(
            new DirtyRange(Long.parseLong(extent.group(1)), Long.parseLong(extent.group(2))));
      }
    }
    return ranges;
  }

  @SeededTest
  void bothSeeTheBitsThatEitherSets(RandomGenerator random) throws IOException {
    QemuTools qemu = QemuTools.require();
    Path image = folder.resolve("image.qcow2");
    long size = 512L * (2000 + random.nextInt(40_000));
    int bits = 9 + random.nextInt(8);
    qemu.create(image, size, "cluster_size=" + (1 << bits));
    long granularity = 512L << random.nextInt(9);
    try (Qcow2Layer layer = open(image)) {
      layer.bitmaps().add("b", granularity, true);
      layer.bitmaps().add("b2", 512L << random.nextInt(9), true);
    }
    for (int turn = 0; turn < TURNS; turn++) {
      if (turn % 2 == 0) {
        size = ourTurn(image, size, random);
      } else {
        qemusTurn(qemu, image, size, random);
      }
      qemu.check(image).assertClean();
      assertThat(ours(image, "b")).isEqualTo(qemus(image, "b"));
      assertThat(ours(image, "b2")).isEqualTo(qemus(image, "b2"));
    }
  }

  private static long ourTurn(Path image, long size, RandomGenerator random) throws IOException {
    try (Qcow2Layer layer = open(image)) {
      for (int i = 0; i < 6; i++) {
        long at = random.nextLong(size);
        int length = (int) Math.min(size - at, 1 + random.nextInt(100_000));
        switch (random.nextInt(3)) {
          case 0 -> layer.write(GuestOffset.of(at), Stamp.data(at, length, i), Below.NOTHING);
          case 1 -> layer.zero(GuestOffset.of(at), length, ZeroMode.UNMAP, Below.NOTHING);
          default -> layer.discard(GuestOffset.of(at), length, Below.NOTHING);
        }
      }
      switch (random.nextInt(4)) {
        case 0 -> layer.bitmaps().merge("b", "b2");
        case 1 -> layer.bitmaps().merge("b2", "b");
        case 2 -> layer.bitmaps().clear("b");
        default -> {
          layer.zero(GuestOffset.ZERO, layer.size(), ZeroMode.UNMAP, Below.NOTHING);
        }
      }
      long newSize = 512L * (2000 + random.nextInt(40_000));
      layer.resize(newSize, Below.NOTHING);
      return newSize;
    }
  }

  private static void qemusTurn(QemuTools qemu, Path image, long size, RandomGenerator random)
      throws IOException {
    List<String> commands = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      long at = random.nextLong(size / 512) * 512;
      long length = Math.min(size - at, 512L * (1 + random.nextInt(200)));
      String verb = List.of("write", "write -z", "discard").get(random.nextInt(3));
      commands.add(verb + " " + at + " " + length);
    }
    qemu.io(image, commands);
    qemu.img("bitmap", "--merge", "b", image.toString(), "b2").ok();
    if (random.nextBoolean()) {
      qemu.img("bitmap", "--clear", image.toString(), "b").ok();
    }
  }
}
