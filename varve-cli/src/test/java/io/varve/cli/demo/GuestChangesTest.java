// SPDX-License-Identifier: Apache-2.0
package io.varve.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuestChangesTest {
  @TempDir Path folder;

  @Test
  void whatItFindsTurnsTheOldImageIntoTheNew() throws IOException {
    byte[] old = new byte[(3 << 20) + 4096 * 5];
    new Random(7).nextBytes(old);
    byte[] now = old.clone();
    int[] changed = {0, 4095, 4096, 1 << 20, (1 << 20) - 1, (2 << 20) + 12345, now.length - 1};
    for (int at : changed) {
      now[at] ^= 1;
    }
    Path before = Files.write(folder.resolve("old"), old);
    Path after = Files.write(folder.resolve("new"), now);
    byte[] patched = old.clone();
    GuestChanges.Extent extent =
        GuestChanges.apply(
            before, after, (offset, bytes) -> copy(bytes, patched, Math.toIntExact(offset)));
    assertThat(patched).isEqualTo(now);
    assertThat(extent.bytes()).isEqualTo(6 * 4096);
    assertThat(extent.writes()).isEqualTo(5);
  }

  @Test
  void findsNothingWhereNothingChanged() throws IOException {
    Path image = Files.write(folder.resolve("image"), new byte[10_000]);
    assertThat(GuestChanges.apply(image, image, (_, _) -> {}))
        .isEqualTo(new GuestChanges.Extent(0, 0));
  }

  private static void copy(ByteBuffer bytes, byte[] to, int at) {
    bytes.get(to, at, bytes.remaining());
  }
}
