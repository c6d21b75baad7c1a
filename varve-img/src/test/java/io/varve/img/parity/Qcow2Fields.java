// SPDX-License-Identifier: Apache-2.0
package io.varve.img.parity;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Where the fields of a sound qcow2 image lie, by the part of the format that they belong to (the
/// QCOW2 specification names the parts). It trusts the image: it reads what the real tool made.
final class Qcow2Fields {
  /// @param at its place in the file
  /// @param width in bytes: 1, 2, 4 or 8
  record Field(String name, int at, int width) {}

  private static final long OFFSET = 0x00ff_ffff_ffff_fe00L;
  private static final int BITMAPS = 0x23852875;
  private static final int LUKS = 0x0537be77;
  private static final int MOST_OF_A_TABLE = 40;

  private final ByteBuffer image;
  private final int clusterBits;
  private final Map<String, List<Field>> parts = new LinkedHashMap<>();

  private Qcow2Fields(ByteBuffer image) {
    this.image = image;
    this.clusterBits = image.getInt(20);
  }

  static Map<String, List<Field>> of(byte[] image) {
    Qcow2Fields fields = new Qcow2Fields(ByteBuffer.wrap(image));
    fields.header();
    fields.refcounts();
    fields.tree("L1", fields.image.getLong(40), fields.image.getInt(36));
    fields.snapshots();
    return fields.parts;
  }

  private void add(String part, String name, long at, int width) {
    if (at >= 0 && at + width <= image.capacity()) {
      parts
          .computeIfAbsent(part, any -> new ArrayList<>())
          .add(new Field(part + ": " + name, (int) at, width));
    }
  }

  private boolean inside(long at, long length) {
    return at > 0 && at + length <= image.capacity();
  }

  private void header() {
    int[] words = {0, 4, 16, 20, 32, 36, 56, 60, 96, 100};
    int[] longs = {8, 24, 40, 48, 64, 72, 80, 88};
    boolean old = image.getInt(4) < 3;
    for (int at : words) {
      if (!old || at < 72) {
        add("header", Integer.toString(at), at, 4);
      }
    }
    for (int at : longs) {
      if (!old || at < 72) {
        add("header", Integer.toString(at), at, 8);
      }
    }
    int end = old ? 72 : image.getInt(100);
    if (end > 104) {
      add("header", "compression type", 104, 1);
    }
    extensions(end);
    long name = image.getLong(8);
    for (int i = 0; name > 0 && i < image.getInt(16); i += 3) {
      add("backing name", Integer.toString(i), name + i, 1);
    }
  }

  private void extensions(int from) {
    int at = from;
    while (image.getInt(at) != 0) {
      int type = image.getInt(at);
      int length = image.getInt(at + 4);
      String name = "extension " + Integer.toHexString(type);
      add("extensions", name + " type", at, 4);
      add("extensions", name + " length", at + 4, 4);
      for (int i = 0; i < Math.min(length, 64); i += 8) {
        add("extensions", name + " byte " + i, at + 8L + i, 8);
      }
      if (type == BITMAPS) {
        bitmaps(image.getInt(at + 8), (int) image.getLong(at + 24));
      } else if (type == LUKS) {
        luks((int) image.getLong(at + 8));
      }
      at += 8 + (length + 7 & -8);
    }
    add("extensions", "end", at, 4);
  }

  private void refcounts() {
    long table = image.getLong(48);
    int bits = image.getInt(4) < 3 ? 16 : 1 << image.getInt(96);
    int width = Math.max(1, bits / 8);
    for (int i = 0; i < 4; i++) {
      add("refcount table", "entry " + i, table + 8L * i, 8);
      long block = image.getLong((int) table + 8 * i) & OFFSET;
      for (int n = 0; inside(block, 1) && n < MOST_OF_A_TABLE; n++) {
        add("refcounts", "block " + i + " entry " + n, block + (long) n * width, width);
      }
    }
  }

  private void tree(String name, long table, int entries) {
    boolean extended = image.getInt(4) >= 3 && (image.getLong(72) & 16) != 0;
    int step = extended ? 16 : 8;
    for (int i = 0; i < Math.min(entries, MOST_OF_A_TABLE); i++) {
      add(name, "entry " + i, table + 8L * i, 8);
      long l2 = image.getLong((int) table + 8 * i) & OFFSET;
      for (int n = 0; inside(l2, 1 << clusterBits) && n < (1 << clusterBits) / step; n++) {
        int at = (int) l2 + n * step;
        if (image.getLong(at) != 0 || n % 17 == 3) {
          add("L2 of " + name, "table " + i + " entry " + n, at, 8);
          if (extended) {
            add("L2 of " + name, "table " + i + " bits " + n, at + 8L, 8);
          }
        }
      }
    }
  }

  private void snapshots() {
    int at = (int) image.getLong(64);
    for (int i = 0; i < image.getInt(60); i++) {
      String part = "snapshots";
      add(part, i + " L1 offset", at, 8);
      add(part, i + " L1 size", at + 8L, 4);
      add(part, i + " id length", at + 12L, 2);
      add(part, i + " name length", at + 14L, 2);
      for (int field : new int[] {16, 20, 32, 36}) {
        add(part, i + " at " + field, at + field, 4);
      }
      for (int field : new int[] {24, 40, 48, 56}) {
        add(part, i + " at " + field, at + field, 8);
      }
      int end = at + 40 + image.getInt(at + 36);
      add(part, i + " id", end, 1);
      add(part, i + " name", (long) end + image.getShort(at + 12), 1);
      tree("snapshot's L1", image.getLong(at), image.getInt(at + 8));
      at = end + image.getShort(at + 12) + image.getShort(at + 14) + 7 & -8;
    }
  }

  private void bitmaps(int count, int directory) {
    int at = directory;
    for (int i = 0; i < count; i++) {
      add("bitmaps", i + " table offset", at, 8);
      add("bitmaps", i + " table size", at + 8L, 4);
      add("bitmaps", i + " flags", at + 12L, 4);
      add("bitmaps", i + " type", at + 16L, 1);
      add("bitmaps", i + " granularity", at + 17L, 1);
      add("bitmaps", i + " name length", at + 18L, 2);
      add("bitmaps", i + " extra length", at + 20L, 4);
      add("bitmaps", i + " name", at + 24L, 1);
      for (int n = 0; n < image.getInt(at + 8); n++) {
        add("bitmap tables", i + " entry " + n, image.getLong(at) + 8L * n, 8);
      }
      at += 24 + image.getInt(at + 20) + image.getShort(at + 18) + 7 & -8;
    }
  }

  private void luks(int header) {
    String part = "LUKS";
    add(part, "magic", header, 4);
    add(part, "version", header + 6L, 2);
    for (int text : new int[] {8, 40, 72, 168}) {
      add(part, "text at " + text, header + text, 1);
      add(part, "text at " + text, header + text + 4L, 1);
    }
    for (int number : new int[] {104, 108, 112, 132, 164}) {
      add(part, "at " + number, header + number, 4);
    }
    for (int slot = 0; slot < 3; slot++) {
      for (int number : new int[] {0, 4, 8, 40, 44}) {
        add("LUKS slots", slot + " at " + number, header + 208L + 48L * slot + number, 4);
      }
    }
  }
}
