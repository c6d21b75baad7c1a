// SPDX-License-Identifier: Apache-2.0
package io.varve.img.parity;

import io.varve.img.parity.Qcow2Fields.Field;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/// Damages an image: mostly one field that gets a value somebody hostile would choose, now and then
/// bytes anywhere, or the file's end.
final class Damage {
  private final RandomGenerator random;
  private final Path file;
  private final byte[] sound;
  private final List<String> done = new ArrayList<>();

  private Damage(RandomGenerator random, Path file) throws IOException {
    this.random = random;
    this.file = file;
    this.sound = Files.readAllBytes(file);
  }

  /// Damages a sound image in place; returns what was done, in words.
  static String to(Path file, boolean qcow2, RandomGenerator random) throws IOException {
    Damage damage = new Damage(random, file);
    int count = random.nextInt(3) == 0 ? random.nextInt(2, 4) : 1;
    for (int i = 0; i < count; i++) {
      if (qcow2 && random.nextInt(7) != 0) {
        damage.field(Qcow2Fields.of(damage.sound));
      } else if (random.nextInt(4) != 0) {
        damage.word();
      } else {
        damage.bytes();
      }
    }
    return String.join("; ", damage.done);
  }

  private void field(Map<String, List<Field>> parts) throws IOException {
    List<String> names = List.copyOf(parts.keySet());
    List<Field> fields = parts.get(names.get(random.nextInt(names.size())));
    put(fields.get(random.nextInt(fields.size())));
  }

  /// Any word that says something, which needs no knowledge of the format.
  private void word() throws IOException {
    List<Integer> words = new ArrayList<>();
    for (int at = 0; at + 4 <= sound.length && words.size() < 4000; at += 4) {
      // Long runs of data are left alone but for their beginning.
      if (get(at, 4) != 0 && (words.size() < 64 || at % 512 < 64)) {
        words.add(at);
      }
    }
    int at =
        words.get(random.nextInt(random.nextBoolean() ? Math.min(64, words.size()) : words.size()));
    int width = 1 << random.nextInt(at + 8 <= sound.length ? 4 : 3);
    put(new Field("word", at, width));
  }

  private void put(Field field) throws IOException {
    long value = value(get(field.at(), field.width()), field.width());
    ByteBuffer bytes = ByteBuffer.allocate(8).putLong(value << 64 - 8 * field.width()).flip();
    write(field.at(), bytes.limit(field.width()));
    done.add(
        "%s (0x%x, %d bytes) = 0x%x".formatted(field.name(), field.at(), field.width(), value));
  }

  private long get(int at, int width) {
    long value = 0;
    for (int i = 0; i < width; i++) {
      value = value << 8 | sound[at + i] & 0xff;
    }
    return value;
  }

  private long value(long old, int width) {
    int bits = 8 * width;
    int cluster = 1 << Math.clamp(get(20, 4), 9, 21);
    long mask = -1L >>> 64 - bits;
    long value =
        switch (random.nextInt(16)) {
          case 0 -> 0;
          case 1 -> 1;
          case 2 -> -1;
          case 3 -> mask >>> 1;
          case 4 -> 1L << bits - 1;
          case 5 -> old + 1;
          case 6 -> old - 1;
          case 7 -> cluster - 1L;
          case 8 -> cluster;
          case 9 -> old + cluster;
          case 10 -> sound.length + (long) cluster * random.nextInt(-1, 3) & -cluster;
          case 11 -> old & 0xffL << bits - 8 | (long) cluster * random.nextInt(12);
          case 12 -> 1L << random.nextInt(bits);
          case 13 -> random.nextLong();
          default -> old ^ 1L << random.nextInt(bits);
        };
    return value & mask;
  }

  private void bytes() throws IOException {
    int at = random.nextInt(sound.length);
    switch (random.nextInt(4)) {
      case 0 -> {
        cut(at);
        done.add("cut to " + at);
      }
      case 1 -> {
        cut(at & -512);
        done.add("cut to " + (at & -512));
      }
      case 2 -> {
        byte[] noise = new byte[random.nextInt(1, 600)];
        random.nextBytes(noise);
        write(at, ByteBuffer.wrap(noise));
        done.add(noise.length + " bytes of noise at " + at);
      }
      default -> {
        int length = Math.min(4096, sound.length);
        int from = random.nextInt(sound.length - length + 1) & -512;
        write(at & -512, ByteBuffer.wrap(sound, from, length));
        done.add(length + " bytes copied from " + from + " to " + (at & -512));
      }
    }
  }

  private void cut(int size) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.setLength(size);
    }
  }

  private void write(long at, ByteBuffer bytes) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.getChannel().write(bytes, at);
    }
  }
}
